package recall

import "github.com/auren-memory/auren/queries/snapshot"

// Result is what a search found.
type Result struct {
	// Hits are ordered from the best to the worst; the newest of equals comes first.
	Hits []Hit `json:"results"`
	// SequenceID is the position that the answer reflects.
	SequenceID int64 `json:"sequence_id"`
}

// Hit is a memory that was found.
type Hit struct {
	Memory snapshot.Memory `json:"memory"`
	// Score is from 0 to 1, the score of a memory that repeats nothing but the words looked for. It compares the hits of one
	// search, not those of different ones.
	Score   float64  `json:"score"`
	Explain *Explain `json:"explain,omitempty"`
}

// Explain shows how a score came about.
type Explain struct {
	// Words are the stems looked for; the scores of the words add up to that of the hit.
	Words []WordScore `json:"words"`
	// Length is how many words the memory has, AverageLength how many the memories of the scope have.
	Length        int     `json:"length"`
	AverageLength float64 `json:"average_length"`
	// Memories is how many active memories the scope has.
	Memories int64 `json:"memories"`
}

func (r *ranking) explain(c candidate) *Explain {
	e := &Explain{Words: make([]WordScore, len(r.words)), Length: c.length, AverageLength: r.averageLength, Memories: r.memories}
	for i, w := range r.words {
		w.Frequency, w.Score = c.frequencies[i], r.termScore(i, c.frequencies[i], c.length)
		e.Words[i] = w
	}
	return e
}
