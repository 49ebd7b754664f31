package lexicon_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/lexicon"
)

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
