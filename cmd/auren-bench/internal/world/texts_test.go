package world

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextsHoldTheWordsThatAreLookedFor(t *testing.T) {
	t.Parallel()
	texts, holds := NewTexts(), map[string]int{}
	const n = 2000
	for i := range n {
		content := texts.Content(i).String()
		require.InDelta(t, contentBytes, len(content), 60)
		for _, word := range []string{RareWord, MediumWord, CommonWord} {
			if strings.Contains(content, word) {
				holds[word]++
			}
		}
	}
	require.Equal(t, map[string]int{RareWord: 2, MediumWord: 40, CommonWord: 600}, holds)
	require.Equal(t, NewTexts().Content(0), NewTexts().Content(0), "the same in every run")
}
