package recall

import (
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestScoreIsBM25(t *testing.T) {
	r := newRanking([]string{"tea", "the"}, []float64{3, 900}, 1000, 40)
	// By hand, with k1 = 1.2 and b = 0.75, for a memory of 60 words that holds "tea" twice.
	idf := math.Log(1 + (1000-3+0.5)/(3+0.5))
	bm25 := idf * 2 * 2.2 / (2 + 1.2*(0.25+0.75*60/40))
	common := math.Log(1 + (1000-900+0.5)/(900+0.5))
	require.InDelta(t, bm25/(2.2*(idf+common)), r.termScore(0, 2, 60), 1e-12)
	require.Zero(t, r.termScore(0, 0, 60))
}

func TestScoreRespectsWhatMakesAMemoryBetter(t *testing.T) {
	r := newRanking([]string{"rare", "common"}, []float64{3, 300}, 1000, 40)
	require.Greater(t, r.termScore(0, 1, 40), r.termScore(1, 1, 40), "a rarer word")
	require.Greater(t, r.termScore(0, 2, 40), r.termScore(0, 1, 40), "more of it")
	require.Greater(t, r.termScore(0, 1, 20), r.termScore(0, 1, 40), "a shorter memory")
	require.Less(t, r.termScore(0, 1e9, 1)+r.termScore(1, 1e9, 1), 1.0, "no score reaches 1")
	estimated := newRanking([]string{"x"}, []float64{5000}, 1000, 40)
	require.Positive(t, estimated.termScore(0, 1, 40), "an estimate beyond the number of memories")
}

func TestRankPutsTheNewestOfEqualsFirst(t *testing.T) {
	r := newRanking([]string{"tea"}, []float64{3}, 10, 5)
	at := func(hours int, frequency float64) candidate {
		return candidate{id: uuid.New(), length: 5, frequencies: []float64{frequency}, createdAt: time.Unix(int64(hours)*3600, 0)}
	}
	old, fresh, best := at(1, 1), at(2, 1), at(0, 2)
	ranked := r.rank([]candidate{old, fresh, best}, 2)
	require.Equal(t, []uuid.UUID{best.id, fresh.id}, idsOf(ranked))
}
