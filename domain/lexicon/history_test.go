package lexicon_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// Else a rebuilt index would differ from the live one.
func TestTermsDoNotDependOnWhatWasAnalyzedBefore(t *testing.T) {
	t.Parallel()
	texts := []string{"猫犬", "猫犬鳥", "猫", "กำขำ", "กำ", "たべもの", "べも", "tea猫犬", "👍👩"}
	document := func(a *lexicon.Analyzer, text string) []lexicon.Term {
		return a.Document(lexicon.Text{Content: canonjson.Text(text)}).Terms
	}
	for _, first := range texts {
		for _, text := range texts {
			used := lexicon.Default()
			document(used, first)
			fresh := lexicon.Default()
			require.Equal(t, document(fresh, text), document(used, text), "%q after %q", text, first)
			require.Equal(t, fresh.Query(text), used.Query(text), "%q after %q", text, first)
		}
	}
}
