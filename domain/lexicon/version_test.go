package lexicon_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// corpus has a text for each rule that makes terms.
var corpus = []string{
	`"She went running with her children in 2019; they don't like mice, wouldn't they?"`,
	`"getUserById(user_id) in src/HTTPServer2.go:42, e-mail ana.b+c@example.com, https://example.com/a?b=c#d, v1.2.3, 10km, wi-fi, C++, .NET, AT&T"`,
	`"café cafe naïve Übergröße Straße STRASSE ﬁsh ＡＢＣ１２３ H₂O ½ ① Ⅳ smørrebrød Łódź İstanbul ısı Ærø Þórður œuvre"`,
	`"東京都で寿司を食べました 自然语言处理 한국어를 배웁니다 ภาษาไทยง่าย ស្រី カタカナ ｶﾀｶﾅ 々〆ー"`,
	`"Мои дети читают новые книги о Фёдоре, Її діти ґанок, Книгите са нови"`,
	`"الكتب الجديدة كتاب مُحَمَّد کتاب\u200cها فارسی ۱۲۳ ١٢٣ והילדים בבית שָׁלוֹם"`,
	`"हिन्दी में किताबें १२३ தமிழ் புத்தகங்கள் বাংলা বই ქართული ენა Ελληνικά ΟΔΟΣ ὀδός አማርኛ"`,
	`"👩‍👩‍👧 🎉 👍🏽 🇫🇷 ❤️ ♻ → € 5€ $10.50 100% -5 °C ™ :-) ??? ... - -- 'tis rock'n'roll O'Brien l'école d’été"`,
	`"coop\u200berate co\u00adoperate zebra\u2060crossing a\u00a0b a\u3000b tab\tnew\nline"`,
	`"Die Katzen schlafen auf den alten Häusern. Les chevaux étaient belles. Las canciones de mi niña. As crianças comeram pães."`,
	`"Dell'amicizia parlavano. De kinderen spelen. Hun spiser på Strøget. Flickorna åker båt. Jentene går. Hän asuu talossa. A gyerekek a kertben."`,
	`"Fetele cântă. Tá an leabhar. Kitapları okuyor. Pije kawę. Příliš žluťoučký kůň. Tôi thích cà phê sữa đá."`,
	`{"allergy": "nuts", "vegan": true, "list": [1, 2.5, -3e7, null, false], "née": {"deep key": "value"}}`,
	`"` + strings.Repeat("long", 60) + ` ` + strings.Repeat("あ", 150) + ` 2026-03-01T12:30:00Z 2026-03-01 12:30 01.03.2026 3/1/26 +49 170 1234567 0xDEADBEEF 550e8400-e29b-41d4-a716-446655440000"`,
	`"to be or not to be"`, `"\u200b"`, `""`, `"???"`,
}

// A text that is analyzed differently is not found in an index that was made before: raise rules and the version of the projection
// search, so that indexes are made again, and write the new sum here.
func TestAnalysesAreThoseOfTheRules(t *testing.T) {
	t.Parallel()
	for languages, want := range map[string]string{
		"en":       "1 118cb027 1e8f6694c960cf2e",
		"en,de,ja": "1 118cb027 485c28fcf5a569f4",
		"en,ar,da,nl,fi,fr,de,hu,ga,it,no,pt,ro,ru,es,sv,ta,tr": "1 118cb027 6d48d3dd99854d55",
	} {
		t.Run(languages, func(t *testing.T) {
			t.Parallel()
			a, err := lexicon.New(strings.Split(languages, ",")...)
			require.NoError(t, err)
			sum := sha256.New()
			for _, text := range corpus {
				d := a.Document(lexicon.Text{Type: "Preferences", Content: canonjson.MustParse(text), At: time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC),
					Metadata: canonjson.MustParse(`{"session": "s-1", "topic": "Food allergies", "ticket": 4711, "at": "2026-03-01T12:30:00Z"}`)})
				fmt.Fprintln(sum, d)
			}
			version := strings.Fields(a.Version())
			require.Equal(t, want, fmt.Sprintf("%s %s %x", version[0], version[1], sum.Sum(nil)[:8]))
		})
	}
}

func TestLanguagesHaveOneOrder(t *testing.T) {
	t.Parallel()
	one, err := lexicon.New("ja", "german", "EN", "de")
	require.NoError(t, err)
	other, err := lexicon.New("de", "english", "japanese")
	require.NoError(t, err)
	require.Equal(t, []string{"en", "de", "ja"}, one.Languages())
	require.Equal(t, one.Languages(), other.Languages())
	require.Equal(t, one.Version(), other.Version())
	require.NotEqual(t, one.Version(), lexicon.Default().Version())
	require.Equal(t, []string{"en"}, lexicon.Default().Languages())
	words := one.Query("houses")
	require.Equal(t, lexicon.Default().Query("houses")[0].Terms[0], words[0].Terms[0], "the first term is the one that may have synonyms")

	_, err = lexicon.New("klingon")
	require.ErrorContains(t, err, `must be one of arabic (ar), bulgarian (bg), `)
	require.ErrorContains(t, err, `got "klingon"`)
	_, err = lexicon.New("")
	require.ErrorContains(t, err, `got ""`)
	_, err = lexicon.New(slices.Repeat([]string{"en"}, lexicon.MaxLanguages+1)...)
	require.ErrorContains(t, err, "must be at most 20 languages, got 21")
}

func TestAChoiceRemembersTheLanguagesOfEachIndex(t *testing.T) {
	t.Parallel()
	var c lexicon.Choice
	require.Equal(t, []string{"en"}, c.Last("a").Languages())
	german, err := c.Of("a", "de")
	require.NoError(t, err)
	require.Same(t, german, c.Last("a"))
	require.Equal(t, []string{"en"}, c.Last("b").Languages())
	same, err := c.Of("b", "de")
	require.NoError(t, err)
	require.Same(t, german, same, "made once")
	_, err = c.Of("a", "")
	require.NoError(t, err)
	require.Equal(t, []string{"en"}, c.Last("a").Languages())
	_, err = c.Of("a", "de,klingon")
	require.ErrorContains(t, err, "klingon")
}
