package answer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries/recall/answer"
)

func TestTokensAreEstimatedByTheBytesOfAText(t *testing.T) {
	for content, want := range map[string]int{
		`""`: 0, `"a"`: 1, `"word"`: 1, `"words"`: 2, `"12 34 56"`: 2, `"caf\u00e9"`: 2, `"привет"`: 3, `"我喜欢喝茶"`: 5, `"我 drink 茶"`: 4, `"寿司が好き"`: 5,
		`"ฉัน"`: 3, `"🍵🍵"`: 2, `{"a":  "b"}`: 3, `7`: 1, `null`: 1, `"\n\""`: 1,
	} {
		require.Equal(t, want, answer.Tokens([]byte(content)), content)
	}
}
