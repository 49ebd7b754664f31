package lexicon_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// score is how well a document matches a query: the best weight of each word, in sum; missing counts the words without a match.
func score(a *lexicon.Analyzer, document, query string) (sum float64, missing []string) {
	d := a.Document(lexicon.Text{Content: canonjson.Text(document)})
	for _, w := range a.Query(query) {
		best := 0.0
		for _, alternative := range w.Terms {
			if has(d, alternative.Term) {
				best = max(best, alternative.Weight)
			}
		}
		if sum += best; best == 0 {
			missing = append(missing, w.Text)
		}
	}
	return sum, missing
}

func has(d lexicon.Document, term string) bool {
	return slices.ContainsFunc(d.Terms, func(t lexicon.Term) bool { return t.Text == term })
}

func requireFound(t require.TestingT, a *lexicon.Analyzer, document, query string) {
	words := a.Query(query)
	require.NotEmpty(t, words, "%q", query)
	_, missing := score(a, document, query)
	require.Empty(t, missing, "%q in %q", query, document)
}

func TestFoundAsTyped(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	sha := strings.Repeat("0123456789abcdef", 8)
	for _, c := range []struct{ document, query string }{
		// Signs.
		{"rm -rf", "rm -rf"}, {"x -y", "x -y"}, {"temperature -5", "temperature -5"}, {"temperature -5", "5"}, {"score 3 -2", "-2"},
		{"-buy milk", "buy milk"}, {"tar -xzf", "tar xzf"}, {"line one\n-line two", "line two"}, {"signed -Ana", "Ana"}, {"-1", "-1"},
		{"a --force push", "force"}, {"C++ and C#", "C++"}, {"C++ and C#", "c#"}, {"written in C++.", "C"}, {"the .NET runtime", "net"},
		{"#hashtag of @ana", "@ana"}, {"#hashtag of @ana", "hashtag ana"}, {"%", "%"}, {"up 50%", "%"}, {"up 50%", "50"}, {"costs $100", "100 $"},
		{"*", "*"}, {"???", "???"}, {"AT&T and R&D", "at&t"}, {"AT&T and R&D", "r&d"}, {"an A+", "A+"}, {"really?!", "really"},
		// Stop words and apostrophes.
		{"It is what it is", "IT"}, {"to be or not to be", "\"to be or not to be\""}, {"Will", "will"}, {"don't", "don't"}, {"I don't know", "dont"},
		{"I don’t know", "don't"}, {"Don", "don"}, {"A", "a"}, {"Ana's dog", "Ana"}, {"Ana", "Ana's"}, {"the dogs' toys", "dog"},
		{"l'école", "école"}, {"l’ecole", "l'école"}, {"O'Brien", "obrien"}, {"O'Brien's", "brien"}, {"rock'n'roll", "rocknroll"},
		{"Hawai'i", "hawaii"}, {"dell'arte", "arte"},
		// Normal forms.
		{"café", "cafe\u0301"}, {"cafe\u0301", "café"}, {"café", "cafe"}, {"cafe", "café"}, {"ＡＢＣ１２３", "abc123"}, {"ABC123", "ＡＢＣ１２３"}, {"ﬁsh", "fish"},
		{"H₂O", "H2O"}, {"co\u00adoperate", "cooperate"}, {"zebra\u200bcrossing", "zebracrossing"}, {"zebra\u200bcrossing", "crossing"}, {"Straße", "STRASSE"},
		{"İstanbul", "istanbul"}, {"ISPARTA", "ısparta"}, {"Müller", "mueller"}, {"Müller", "muller"}, {"Łódź", "lodz"}, {"Ærø", "aero"}, {"smørrebrød", "smoerrebroed"},
		{"x²", "x2"}, {"ΟΔΟΣ", "οδος"}, {"Αθήνα", "ΑΘΗΝΑ"}, {"१२३", "123"}, {"Foo™", "foo"}, {"№ 5", "no 5"}, {"résumés", "resume"}, {"ё", "е"},
		// Compounds.
		{"getUserById", "getUserById"}, {"getUserById", "getuserbyid"}, {"getUserById", "user"}, {"XMLHttpRequest", "http request"}, {"snake_case_name", "case"},
		{"wi-fi", "wifi"}, {"WiFi", "wi-fi"}, {"wifi", "wi-fi"}, {"e-mail", "email"}, {"emails", "e-mail"}, {"T-shirt", "shirt"}, {"the PDFs", "pdf"},
		{"10km", "10 km"}, {"10 km", "10km"}, {"10km", "10km"}, {"3.5kg", "3.5 kg"}, {"iPhone15", "iphone 15"}, {"iPhone", "iphone"}, {"mp3", "mp3"},
		{"user@example.com", "user@example.com"}, {"user@example.com", "example"}, {"/usr/local/bin", "local"}, {`C:\Users\ana`, "users"},
		{"https://example.com/a/b?q=1#top", "https://example.com/a/b?q=1#top"}, {"https://example.com/news", "example news"}, {"report.pdf", "pdf"},
		{"and/or", "or"}, {"TCP/IP", "tcp"}, {"std::vector", "vector"}, {"end.Next", "next"}, {"foo(bar)", "bar"}, {"U.S.A.", "usa"}, {"e.g.", "eg"},
		{"1,000 steps", "1000"}, {"1.000,50", "1000.5" + "0"}, {"1,234,567", "1234567"}, {"3,5", "3.5"}, {"10:30", "10:30"}, {"2026-11-30", "2026"},
		{"v1.2.3", "v1.2.3"}, {"192.168.0.1", "192.168.0.1"}, {"550e8400-e29b-41d4-a716-446655440000", "550E8400E29B41D4A716446655440000"},
		{"at 2026-11-30T10:30:00Z", "2026-11-30T10:30:00Z"}, {"at 2026-11-29T10:30:00Z", "29"}, {"col·legi", "collegi"}, {"+49 170 1234567", "1234567"},
		// Emojis and symbols.
		{"🎉", "🎉"}, {"party🎉🎉", "🎉"}, {"party🎉🎉", "party"}, {"👩‍👩‍👧", "👩‍👩‍👧"}, {"👩‍👩‍👧", "👧"}, {"👍🏽", "👍"}, {"👍", "👍🏽"}, {"🇩🇪🇫🇷", "🇫🇷"}, {"❤️", "❤"}, {"❤", "❤️"},
		{"1️⃣", "1️⃣"}, {"🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"}, {"€50", "€"}, {"€50", "50"}, {"20°C", "20"}, {"2 × 3", "×"}, {"→", "→"},
		// Long runs and irregular forms.
		{sha, sha}, {strings.Repeat("y", 100_000), strings.Repeat("Y", 100_000)}, {"she went with the children", "go child"}, {"go", "went"},
		// What counts for nothing but itself.
		{"\u200b", "\u200b"}, {"\u00ad\u200d", "\u00ad\u200d"}, {"\u0301", "\u0301"}, {"\ue000", "\ue000"}, {"\x01", "\x01"},
	} {
		requireFound(t, a, c.document, c.query)
	}
}

func TestNamesAreNoCompounds(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	for text, term := range map[string]string{"LaTeX": "latex", "WiFi": "wifi", "iPhone": "iphon", "PhD": "phd", "Ana's": "ana", "l'eau": "eau", "3.14": "3.14", "H2O": "h2o"} {
		words := a.Query(text)
		require.Len(t, words, 1, text)
		require.Equal(t, lexicon.Alternative{Term: term, Weight: 1}, words[0].Terms[0], text)
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	for _, c := range []struct{ document, query string }{
		{"don't", "Don"}, {"we're", "were"}, {"C", "C#"}, {"C++", "C#"}, {"coffee", "tea"}, {"5'10\" tall", "51"}, {"does", "doe"}, {"at 2026-11-29T10:30:00Z", "30"}, {"1.5", "15"}, {"🇩🇪", "🇪🇩"},
	} {
		sum, _ := score(a, c.document, c.query)
		require.Less(t, sum, 0.6, "%q in %q", c.query, c.document)
	}
}

func TestExactFormsComeFirst(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	for query, documents := range map[string][2]string{ // the better one first
		"café": {"café", "cafe"}, "cafe": {"cafe", "café"}, "resume": {"resume", "résumé"}, "C++": {"C++", "C"}, "C": {"C", "C++"},
		"-5": {"-5", "5"}, "getUserById": {"getUserById", "get the user by id"}, "wi-fi": {"wi-fi", "wi fi"}, "10km": {"10km", "10 km"}, "👍": {"👍", "👍🏽"},
		"👍🏽": {"👍🏽", "👍"}, "#tag": {"#tag", "tag"}, "ネコ": {"ネコ", "ねこ"}, "ねこ": {"ねこ", "ネコ"}, "Müller": {"Müller", "Mueller"}, "ё": {"ё", "е"}, "-rf": {"-rf", "rf"},
		"user@example.com": {"user@example.com", "the user of example com"}, "iPhone15": {"iPhone15", "iPhone"},
	} {
		better, missing := score(a, documents[0], query)
		require.Empty(t, missing, query)
		worse, _ := score(a, documents[1], query)
		require.Greater(t, better, worse, query)
		require.Positive(t, worse, query)
	}
}

func TestATextIsFoundByItself(t *testing.T) {
	t.Parallel()
	all, err := lexicon.New("english", "german", "french", "turkish")
	require.NoError(t, err)
	signs := rapid.StringOfN(rapid.RuneFrom([]rune("aB1é-_'’./\\:@&+=#?!\"()[]%$*~ \u200b\u200c\u200d\u00ad\u0301ßİı猫ねネไทย한ب👍🏽🇩🇪️⃣")), 0, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), signs).Draw(t, "text")
		if strings.TrimSpace(text) == "" || strings.Contains(text, "\x00") { // which JSON texts here do not hold
			t.Skip()
		}
		for _, a := range []*lexicon.Analyzer{lexicon.Default(), all} {
			requireFound(t, a, text, text)
		}
	})
}

func FuzzATextIsFoundByItself(f *testing.F) {
	for _, text := range []string{"", "The cats' loved", "\xff\xfe", "日本 1e5 É", strings.Repeat("a", 300), "rm -rf getUserById wi-fi 10km", "👩‍👩‍👧 don't"} {
		f.Add(text)
	}
	every, err := lexicon.New("english", "danish", "dutch", "finnish", "french", "german", "hungarian", "irish", "italian", "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "turkish", "arabic", "tamil")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.TrimSpace(text) == "" || strings.Contains(text, "\x00") {
			return
		}
		requireFound(t, every, text, text)
		words := every.Query(text)
		for i, w := range words {
			require.Equal(t, i+1, w.Position)
			require.NotEmpty(t, w.Terms)
			for j, alternative := range w.Terms {
				require.True(t, alternative.Weight > 0 && alternative.Weight <= 1 && alternative.Term != "")
				require.True(t, j == 0 || alternative.Weight <= w.Terms[j-1].Weight)
			}
		}
		last := 0
		for _, o := range every.Sequence(text) {
			require.GreaterOrEqual(t, o.Position, last)
			last = o.Position
		}
		require.Equal(t, len(words), last, "each word has a term in the sequence")
	})
}

// plain returns terms without their hashes.
func plain(terms []lexicon.Term) []lexicon.Term {
	terms = slices.Clone(terms)
	for i := range terms {
		terms[i].Hash = 0
	}
	return terms
}

func TestDocument(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	d := a.Document(lexicon.Text{
		Type:     "observation",
		Content:  canonjson.MustParse(`{"allergy": "The nuts and nuts", "vegan": true, "cups": 3, "none": null}`),
		Metadata: canonjson.MustParse(`{"speaker": "Ana", "ticket": 4711, "order": "4712", "said_at": "2024-05-03T10:00:00Z", "private": true}`),
		At:       time.Date(2026, 11, 30, 23, 0, 0, 0, time.FixedZone("", -7200)),
	})
	require.ElementsMatch(t, []lexicon.Term{
		{"1", 0, 0, 1}, {"2024-05-03t10:00:00z", 0, 0, 1}, {"2026", 0, 0, 1}, {"3", 0, 1, 0}, {"4711", 0, 0, 1}, {"4712", 0, 0, 1}, {"allergi", 0, 1, 0}, {"ana", 0, 0, 3}, {"and", 0, 1, 0},
		{"cup", 0, 1, 0}, {"decemb", 0, 0, 1}, {"none", 0, 1, 0}, {"nut", 0, 2, 0}, {"observ", 0, 0, 1}, {"the", 0, 1, 0}, {"true", 0, 1, 0}, {"vegan", 0, 1, 0},
	}, plain(d.Terms))
	require.Equal(t, 9, d.Length)
	require.Empty(t, a.Document(lexicon.Text{}).Terms)
	terms := a.Document(lexicon.Text{Content: canonjson.Text("b ab\x01 aaaaaaaab aaaaaaaa a é 猫")}).Terms
	require.True(t, slices.IsSortedFunc(terms, func(x, y lexicon.Term) int { return cmp.Or(cmp.Compare(x.Hash, y.Hash), cmp.Compare(x.Text, y.Text)) }))
	for _, term := range terms {
		require.Equal(t, lexicon.Hash(term.Text), term.Hash)
	}
	require.Equal(t, lexicon.Hash("cafe"), lexicon.Hash(lexicon.Variant+"cafe"))
	require.NotEqual(t, lexicon.Hash("cafe"), lexicon.Hash("café"))
}

func TestNothingIsCut(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "samebeginning%06dx ", i)
	}
	a := lexicon.Default()
	requireFound(t, a, text.String(), "samebeginning049999x")
	require.Len(t, a.Query(text.String()), 50_000)
	for range 2 { // the second time by lookup
		require.Len(t, a.Document(lexicon.Text{Content: canonjson.Text(text.String())}).Terms, 50_000)
	}
}

func TestPhrases(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	phrases := func(query string) (out []string) {
		for _, w := range a.Query(query) {
			out = append(out, fmt.Sprint(w.Text, w.Phrase))
		}
		return out
	}
	require.Equal(t, []string{"the0", "best1", "coffee1", "and0", "tea0", "a2", "b2"}, phrases(`the "best coffee" and "tea" “a b”`))
	require.NotContains(t, strings.Join(phrases(`5'10" tall and 6" wide`), " "), "tall1", "inches open no phrase")
	require.Equal(t, []string{"a0", "b0"}, phrases(`"a b`))
}

func TestStopWords(t *testing.T) {
	t.Parallel()
	stops := func(a *lexicon.Analyzer, query string) (out []string) {
		for _, w := range a.Query(query) {
			if w.Stop {
				out = append(out, w.Text)
			}
		}
		return out
	}
	a := lexicon.Default()
	require.Equal(t, []string{"what", "don't", "&", "the", "https", "и"}, stops(a, "what don't work & the https://example.com и"))
	require.Equal(t, []string{"a"}, stops(a, "a to-do list"))
	requireFound(t, a, "my to-do list", "todo")
	both, err := lexicon.New("en", "German")
	require.NoError(t, err)
	require.Equal(t, []string{"when", "did", "he"}, stops(both, "when did he die"))
	require.Equal(t, []string{"wo", "ist", "die"}, stops(both, "wo ist die Brille"))
}

func TestSequence(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	require.Equal(t, []lexicon.Occurrence{{"the", 1}, {"wi", 2}, {"wifi", 2}, {"fi", 3}, {"wifi", 3}, {"router", 4}, {"猫犬", 5}}, a.Sequence("The wi-fi router 猫犬"))
	// The terms of a document are those of its sequence, the single characters of dense scripts and the numbers of names apart.
	for _, text := range []string{"The wi-fi router's café", "C++ -rf #tag getUserById 10km PDFs don't l'école", "👍🏽 👩‍👩‍👧 $5 U.S.A. a@b.example"} {
		terms := map[string]bool{}
		for _, o := range a.Sequence(text) {
			terms[o.Term] = true
		}
		for _, term := range a.Document(lexicon.Text{Content: canonjson.Text(text)}).Terms {
			require.True(t, terms[term.Text], "%s in %s", term.Text, text)
			delete(terms, term.Text)
		}
		require.Empty(t, terms, text)
	}
}

func TestLongTokensTakeLinearTime(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	for _, unit := range []string{"a", "ab.", "a'", "aB", "1,", "1.", "猫", "é", "\u0301", "👍", "👩‍", "🇩🇪", "-", "\"", "(a", "a\u200b", "%5", "$", "กำ", "x-9"} {
		text, done := strings.Repeat(unit, 10_000), make(chan struct{})
		go func() {
			defer close(done)
			a.Query(text)
			a.Sequence(text)
			a.Document(lexicon.Text{Content: canonjson.Text(text)})
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second): // a fraction of a second, or minutes
			require.FailNow(t, "too slow", unit)
		}
	}
}
