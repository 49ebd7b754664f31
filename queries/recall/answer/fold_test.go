package answer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/recall/answer"
)

func text(scope int64, content string) answer.Text {
	d := lexicon.Default().Document(lexicon.Text{Type: "fact", Content: canonjson.MustParse(fmt.Sprintf("%q", content)), Metadata: canonjson.MustParse(`{"topic": "x"}`)})
	return answer.NewText(scope, d.Terms)
}

func TestTextsThatSayTheSameAreFolded(t *testing.T) {
	const plain = "Ana likes to drink a cup of green tea in the garden before work"
	const longer = plain + " says her friend Tom, who sees that every single day when sun rises above his kitchen window"
	for content, want := range map[string]bool{
		plain: true,
		"Ana likes to drink a cup of green tea in the garden, before WORK!":      true,
		"ana liked to drink cups of green tea in the garden before work":         true,
		"Ana really likes to drink a cup of green tea in the garden before work": true,
		"Ana likes to drink a cup of black tea in the garden before work":        false,
		"Ana likes to drink 2 cup of green tea in the garden before work":        false,
		"Ana likes green tea": false,
		"":                    false,
	} {
		require.Equal(t, want, answer.Fold([]answer.Text{text(1, plain), text(1, content)})[1] == 0, content)
		require.Equal(t, want, answer.Fold([]answer.Text{text(1, content), text(1, plain)})[1] == 0, content)
	}
	require.Equal(t, []int{0, 1}, answer.Fold([]answer.Text{text(1, plain), text(2, plain)}), "of another agent or user")
	require.Equal(t, []int{0, 0}, answer.Fold([]answer.Text{text(1, "Tom is allergic"), text(1, "Tom is allergic")}))
	require.Equal(t, []int{0, 1}, answer.Fold([]answer.Text{text(1, "Tom is allergic"), text(1, "Tom is not allergic")}))
	require.Equal(t, []int{0, 1}, answer.Fold([]answer.Text{text(1, "on 3 May "+longer), text(1, "on 4 May "+longer)}), "other numbers")
	require.Equal(t, []int{0, 0}, answer.Fold([]answer.Text{text(1, "on 3 May "+longer), text(1, "in 3 May "+longer)}))
	require.Equal(t, []int{0, 1, 2}, answer.Fold([]answer.Text{text(1, ""), text(1, ""), text(1, "x")}), "nothing says nothing")
}

func TestLongTextsAreComparedByASample(t *testing.T) {
	words := make([]string, 5000)
	for i := range words {
		words[i] = fmt.Sprintf("word%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676)
	}
	long := strings.Join(words, " ")
	most := strings.Join(words[:4900], " ") + " other words"
	half := strings.Join(words[:2500], " ") + strings.Repeat(" more", 2500)
	require.Equal(t, []int{0, 0, 2}, answer.Fold([]answer.Text{text(1, long), text(1, most), text(1, half)}))
}

// Fold finds what comparing all with all finds.
func TestFoldComparesAllTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := strings.Fields("tea milk rain walk song tree bird house cloud stone river moon")
		contents := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(words), 1, 30), 1, 20).Draw(t, "contents")
		texts := make([]answer.Text, len(contents))
		want := make([]int, len(contents))
		set := func(i int) []string {
			s := slices.Clone(contents[i])
			slices.Sort(s)
			return slices.Compact(s)
		}
		for i := range contents {
			texts[i], want[i] = text(1, strings.Join(contents[i], " ")), i
			for j := range i {
				if want[j] != j || want[i] != i {
					continue
				}
				both := append(set(i), set(j)...)
				slices.Sort(both)
				either := len(slices.Compact(slices.Clone(both)))
				if float64(len(both)-either) >= 0.9*float64(either) {
					want[i] = j
				}
			}
		}
		require.Equal(t, want, answer.Fold(texts))
	})
}
