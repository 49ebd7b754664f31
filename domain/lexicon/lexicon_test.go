package lexicon_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/lexicon"
)

func TestOccurrences(t *testing.T) {
	t.Parallel()
	analyzer := lexicon.New()
	for range 2 { // the second time by lookup
		require.Equal(t, []lexicon.Occurrence{{"cat", 2}, {"love", 3}, {"well", 4}, {"known", 5}, {"12e5x", 7}, {"cat", 9}},
			analyzer.Occurrences("The CATS loved well-known, the 12E5x of cat"))
	}
	require.Empty(t, analyzer.Occurrences("the and of"))
	require.Equal(t, []lexicon.Occurrence{{"x", 1}}, analyzer.Occurrences(strings.Repeat("y", lexicon.MaxWord+1)+" x"))
}

func TestConcurrentUseBeyondTheCacheSize(t *testing.T) {
	t.Parallel()
	analyzer := lexicon.New()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for n := range 50_000 {
				word := fmt.Sprint("word", n)
				if found := analyzer.Occurrences(word); len(found) != 1 || found[0].Lexeme != word {
					t.Errorf("%s became %v", word, found)
					return
				}
			}
		})
	}
	group.Wait()
}

func FuzzOccurrences(f *testing.F) {
	for _, text := range []string{"", "The cats' loved", "\xff\xfe", "日本 1e5 É", strings.Repeat("a", 300)} {
		f.Add(text)
	}
	analyzer := lexicon.New()
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, o := range analyzer.Occurrences(text) {
			require.Greater(t, o.Position, last)
			require.NotEmpty(t, o.Lexeme)
			require.NotContains(t, o.Lexeme, "'")
			last = o.Position
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "",
		" -- ":                             "",
		"She doesn't like decaf!":          "She doesn t like decaf",
		"a_b_c well-known 3.14":            "a b c well known 3 14",
		"anna@example.com/path?x=1":        "anna example com path x 1",
		"e\u0301te\u0301 \u4f60\u597d, 42": "e\u0301te\u0301 \u4f60\u597d 42",
		"x " + strings.Repeat("y", 101):    "x",
		"x " + strings.Repeat("é", 100):    "x " + strings.Repeat("é", 100),
	} {
		require.Equal(t, want, strings.Join(slices.Collect(lexicon.Words(text)), " "), text)
	}
}
