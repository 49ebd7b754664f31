package recall

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

// The constants of BM25, known as k1 and b: how soon repeating a word stops counting, and how much the length matters.
const (
	saturation   = 1.2
	lengthWeight = 0.75
)

// ranking scores memories by BM25 with the statistics of the scope that is searched.
type ranking struct {
	memories      int64       // in the scope
	averageLength float64     // of the memories, in words
	words         []WordScore // the words looked for, with their statistics only
	best          float64     // what no memory reaches; scores are shares of it
}

// newRanking weighs the words by how few of the memories hold them.
func newRanking(words []string, documents []float64, memories int64, averageLength float64) ranking {
	r := ranking{memories: memories, words: make([]WordScore, len(words)), averageLength: max(averageLength, 1)}
	for i, word := range words {
		n := float64(memories)
		held := min(documents[i], n)
		idf := math.Log1p((n - held + 0.5) / (held + 0.5))
		r.words[i] = WordScore{Word: word, Documents: held, IDF: idf}
		r.best += idf * (saturation + 1)
	}
	return r
}

// termScore returns what one word adds to the score of a memory that holds it frequency times.
func (r *ranking) termScore(word int, frequency float64, length int) float64 {
	if frequency <= 0 {
		return 0
	}
	relative := 1 - lengthWeight + lengthWeight*float64(length)/r.averageLength
	return r.words[word].IDF * frequency * (saturation + 1) / (frequency + saturation*relative) / r.best
}

// rank scores the candidates by their frequencies and returns the best in order, the newest first among equals.
func (r *ranking) rank(candidates []candidate, limit int) []candidate {
	for i := range candidates {
		c := &candidates[i]
		c.score = 0
		for word, frequency := range c.frequencies {
			c.score += r.termScore(word, frequency, c.length)
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), b.createdAt.Compare(a.createdAt), slices.Compare(a.id[:], b.id[:]))
	})
	return candidates[:min(limit, len(candidates))]
}

// candidate is a memory that holds some of the words.
type candidate struct {
	id        uuid.UUID
	length    int // in words
	createdAt time.Time
	passes    bool // the filter
	// frequencies are how often each word stands in the memory. A sampled search reads them for the best candidates only, since
	// that is expensive; until then each word that the memory holds counts once.
	frequencies []float64
	score       float64
}

// setRanks sets the frequencies from the ts_rank of each word.
func (c *candidate) setRanks(ranks []float32) {
	c.frequencies = make([]float64, len(ranks))
	for i, rank := range ranks {
		c.frequencies[i] = frequency(rank)
	}
}

// setMatched sets the frequencies from the places, counted from 1, of the words that the memory holds.
func (c *candidate) setMatched(places []int16, words int) {
	c.frequencies = make([]float64, words)
	for _, place := range places {
		c.frequencies[place-1] = 1
	}
}

// countDocuments counts how many of the candidates hold each word.
func countDocuments(candidates []candidate, words int) []float64 {
	documents := make([]float64, words)
	for _, c := range candidates {
		for word, frequency := range c.frequencies {
			documents[word] += min(frequency, 1)
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

// WordScore is what one word adds to a score.
type WordScore struct {
	Word string `json:"word"`
	// Documents is how many of the memories hold the word; an estimate where there are many memories.
	Documents float64 `json:"documents"`
	// IDF is the weight of the word: the rarer, the higher.
	IDF float64 `json:"idf"`
	// Frequency is how often the word stands in this memory.
	Frequency float64 `json:"frequency"`
	Score     float64 `json:"score"`
}
