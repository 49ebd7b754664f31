package segment_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/lexicon/segment"
)

func isWord(folded string) bool { return folded == "don't" }

func TestSegmentsOfATokenAreItsWordsRunsAndSymbols(t *testing.T) {
	t.Parallel()
	for token, want := range map[string][]segment.Segment{
		"":           nil,
		"\u200d":     nil,
		"wi-fi":      {{Kind: segment.Word, Text: "wi-fi"}},
		"a;b":        {{Kind: segment.Word, Text: "a"}, {Kind: segment.Word, Text: "b"}},
		"-rf":        {{Kind: segment.Word, Text: "rf", Prefix: "-"}},
		"C++":        {{Kind: segment.Word, Text: "C", Suffix: "++"}},
		"猫とcat":      {{Kind: segment.Dense, Text: "猫と"}, {Kind: segment.Word, Text: "cat"}},
		"ok🎉🎉":       {{Kind: segment.Word, Text: "ok"}, {Kind: segment.Symbol, Text: "🎉"}, {Kind: segment.Symbol, Text: "🎉"}},
		"$5":         {{Kind: segment.Symbol, Text: "$"}, {Kind: segment.Word, Text: "5"}},
		"?!":         {{Kind: segment.Signs, Text: "?!"}},
		"a\x01b":     {{Kind: segment.Word, Text: "a"}, {Kind: segment.Word, Text: "b"}},
		"?\u3000🇩🇪🇫": {{Kind: segment.Signs, Text: "?"}, {Kind: segment.Symbol, Text: "🇩🇪"}, {Kind: segment.Symbol, Text: "🇫"}},
	} {
		var kept []segment.Segment
		for s := range segment.Segments(token) {
			kept = append(kept, segment.Segment{Kind: s.Kind, Text: s.Text, Prefix: s.Prefix, Suffix: s.Suffix})
		}
		require.Equal(t, want, kept, token)
	}
	for range segment.Segments("$5%🎉猫x") {
		break // at any segment
	}
}

func TestAWordIsSplitAtPunctuationCapitalsAndDigits(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]segment.Split{
		"house":                                {Whole: "house"},
		"wi-fi":                                {Whole: "wifi", Parts: []string{"wi", "fi"}},
		"e-mail":                               {Whole: "email", Parts: []string{"mail"}},
		"x-9":                                  {Whole: "x9", Parts: []string{"9"}},
		"getUserById":                          {Whole: "getUserById", Parts: []string{"get", "User", "By", "Id"}},
		"LaTeX":                                {Whole: "LaTeX"},
		"10km":                                 {Whole: "10km", Parts: []string{"10", "km"}},
		"5m":                                   {Whole: "5m", Parts: []string{"5", "m"}},
		"1,000.50":                             {Whole: "1000.50"},
		"1.2.3":                                {Whole: "1.2.3", Parts: []string{"1", "2", "3"}},
		"iPhone15":                             {Whole: "iPhone15", Name: "iphone", Number: "15"},
		"PDFs":                                 {Whole: "PDFs", Singular: "PDF"},
		"U.S.A":                                {Whole: "USA"},
		"Ana's":                                {Whole: "Ana"},
		"l'école":                              {Whole: "école"},
		"Don't":                                {Whole: "Don't"},
		"2026-11-30T10:30:00Z":                 {Whole: "2026-11-30t10:30:00z", Parts: []string{"2026", "11", "30", "10:30:00z"}},
		"550E8400-e29b-41d4-a716-446655440000": {Whole: "550e8400e29b41d4a716446655440000"},
	} {
		found := false
		for s := range segment.Segments(word) {
			require.False(t, found, word)
			found = true
			got := s.Split(isWord)
			if len(got.Parts) == 0 {
				got.Parts = nil
			}
			require.Equal(t, want, got, word)
		}
		require.True(t, found, word)
	}
}

func TestFormsOfAWord(t *testing.T) {
	t.Parallel()
	require.Equal(t, `H2O "it's" a-b`, segment.Normalize("Ｈ₂Ｏ “it’s” a‐b"))
	require.Equal(t, "strasse123", segment.Fold("Stra\u00adße१२३"))
	require.Equal(t, "cafe", segment.Plain("café"))
	require.Equal(t, []string{"muller", "mueller"}, segment.Variants("müller"))
	require.Empty(t, segment.Variants("cafe"))
	require.Equal(t, strings.Repeat("é", segment.MaxWord), segment.Cut(strings.Repeat("é", segment.MaxWord+1)))
	require.Equal(t, []int{0, 6, 12}, segment.Characters("กิขิ"))
	whole, parts := segment.Emojis("👩‍👍🏽\ufe0f")
	require.Equal(t, "👩‍👍🏽", whole)
	require.Equal(t, []string{"👩", "👍"}, parts)
}

func TestQuotationsHaveNumbers(t *testing.T) {
	t.Parallel()
	q := segment.QuotationsOf(`a "b c" 5" "" "d"`)
	for at, want := range map[int]int{0: 0, 3: 1, 5: 1, 8: 0, 15: 2} {
		require.Equal(t, want, q.At(at), at)
	}
}
