package recall

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

// The constants of BM25: how soon more of the same word counts no more, and how much the length matters.
const (
	saturation   = 1.2
	lengthWeight = 0.75
)

// ranking scores memories by BM25 with the statistics of the scope that is searched.
type ranking struct {
	// memories is how many there are.
	memories int64
	// words are the words looked for, with how many of the memories hold them.
	words []wordStatistics
	// averageLength is that of the memories, in words.
	averageLength float64
	// best is the score that no memory can reach; scores are shares of it.
	best float64
}

type wordStatistics struct {
	word      string
	documents float64
	idf       float64
}

// newRanking weighs the words by how few of the memories hold them.
func newRanking(words []string, documents []float64, memories int64, averageLength float64) ranking {
	r := ranking{memories: memories, words: make([]wordStatistics, len(words)), averageLength: max(averageLength, 1)}
	for i, word := range words {
		n := float64(memories)
		held := min(documents[i], n)
		idf := math.Log1p((n - held + 0.5) / (held + 0.5))
		r.words[i] = wordStatistics{word: word, documents: held, idf: idf}
		r.best += idf * (saturation + 1)
	}
	return r
}

// termScore is what one word contributes to the score of a memory that holds it frequency times.
func (r *ranking) termScore(word int, frequency float64, length int) float64 {
	if frequency <= 0 {
		return 0
	}
	relative := 1 - lengthWeight + lengthWeight*float64(length)/r.averageLength
	return r.words[word].idf * frequency * (saturation + 1) / (frequency + saturation*relative) / r.best
}

// filtered leaves out, in place, what the filter does not let through.
func filtered(candidates []candidate) []candidate {
	return slices.DeleteFunc(candidates, func(c candidate) bool { return !c.passes })
}

// preselect returns the candidates that are likely to be the best, at most limit of them, as if each word stood
// once in them: reading how often it does is expensive.
func (r *ranking) preselect(candidates []candidate, limit int) []candidate {
	found := filtered(slices.Clone(candidates))
	for i := range found {
		for _, place := range found[i].words {
			found[i].score += r.termScore(int(place)-1, 1, found[i].length)
		}
	}
	slices.SortFunc(found, compareCandidates)
	return found[:min(limit, len(found))]
}

// rank scores the candidates by their frequencies and returns the best, the newest among equals first.
func (r *ranking) rank(candidates []candidate, limit int) []candidate {
	for i := range candidates {
		c := &candidates[i]
		c.score = 0
		for word, frequency := range c.frequencies {
			c.score += r.termScore(word, frequency, c.length)
		}
	}
	slices.SortFunc(candidates, compareCandidates)
	return candidates[:min(limit, len(candidates))]
}

func compareCandidates(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), b.createdAt.Compare(a.createdAt), slices.Compare(a.id[:], b.id[:]))
}

// candidate is a memory that holds some of the words.
type candidate struct {
	id        uuid.UUID
	length    int // in words
	createdAt time.Time
	// passes tells whether the filter lets it through.
	passes bool
	// words are the places, counted from 1, of the words that it holds.
	words []int16
	// frequencies are how often each word stands in it; a sampled search reads them of the best candidates only.
	frequencies []float64
	score       float64
}

// setFrequencies takes the ts_rank of each word.
func (c *candidate) setFrequencies(ranks []float32) {
	c.words, c.frequencies = nil, make([]float64, 0, len(ranks))
	for i, rank := range ranks {
		n := frequency(rank)
		c.frequencies = append(c.frequencies, n)
		if n > 0 {
			c.words = append(c.words, int16(i+1)) //nolint:gosec // at most MaxWords
		}
	}
}

// countDocuments counts in how many of the candidates each word stands.
func countDocuments(candidates []candidate, words int) []float64 {
	documents := make([]float64, words)
	for _, c := range candidates {
		for _, place := range c.words {
			documents[place-1]++
		}
	}
	return documents
}

// frequency recovers from ts_rank of one word how often the word stands in the memory. PostgreSQL has no function
// for that, but ts_rank gives 0.1 · (1 + 1/4 + 1/9 + … + 1/n²) / (π²/6) for a word that stands there n times, and
// the sum of the reciprocal squares beyond n is close to 1 / (n + 1/2).
func frequency(rank float32) float64 {
	if rank <= 0 {
		return 0
	}
	const limit = math.Pi * math.Pi / 6
	remainder := max(limit-float64(rank)*limit*10, 1.0/256)
	return math.Round(1/remainder - 0.5)
}
