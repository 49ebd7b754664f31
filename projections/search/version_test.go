package search_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/projections/search"
)

// An index that was made by another analysis must be made again: raise the projection's version with that of the analysis.
func TestTheVersionStandsForThatOfTheAnalysis(t *testing.T) {
	t.Parallel()
	require.Equal(t, 5, search.New().Version())
	require.Equal(t, "1 118cb027 unicode 15.0.0 15.0.0 en,ru,ar,ta", lexicon.Default().Version())
}
