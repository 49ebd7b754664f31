package answer

import (
	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries/snapshot"
)

// Result is what a search found.
//
// Answers are those of Queries, in their order; there are none for a single Query. Its own results are empty then.
type Result struct {
	Answer
	Answers []Answer `json:"answers,omitempty"`
	// SequenceID is the position that the answer reflects.
	SequenceID int64 `json:"sequence_id"`
}

// Answer is what was found of one query.
type Answer struct {
	// Query is which of Queries was answered; empty for a single one.
	Query string `json:"query,omitempty"`
	// Hits are ordered from the best to the worst; the one told last of equals comes first.
	Hits []Hit `json:"results"`
	// Total is how many memories are found in all, by whatever score: those that pass all conditions and hold a word, themselves or
	// in their neighbours; nil unless it was asked for.
	Total *int `json:"total,omitempty"`
	// NextCursor continues the results; empty at their end.
	NextCursor string `json:"next_cursor"`
	// Tokens is how many tokens the texts take; nil unless they were bounded.
	Tokens *int `json:"tokens,omitempty"`
	// Cut says that MaxTokens left something out.
	Cut bool `json:"cut,omitempty"`
	// TooLong are the memories, among the results by their rank, that take more than MaxTokens alone.
	TooLong []uuid.UUID `json:"too_long,omitempty"`
	// WhyNot is what was asked about a memory.
	WhyNot *WhyNot `json:"why_not,omitempty"`
	// Hint says why nothing was found, or what was left out of account.
	Hint string `json:"hint,omitempty"`
}

// Hit is a memory that was found.
type Hit struct {
	Memory snapshot.Memory `json:"memory"`
	// Score is from 0 to 1, the score of a memory that repeats nothing but the words looked for. It compares the hits of one
	// search, not those of different ones.
	Score float64 `json:"score"`
	// Tokens is how many tokens the text takes, with that of the context; nil unless texts were bounded.
	Tokens *int `json:"tokens,omitempty"`
	// Duplicates are the memories that this one stands for, the best first.
	Duplicates []uuid.UUID `json:"duplicates,omitempty"`
	Context    *Context    `json:"context,omitempty"`
	Explain    *Explain    `json:"explain,omitempty"`
}

// Context is what was told around a memory, as far as it does not stand elsewhere in the answer.
type Context struct {
	// Before and After are in the order in which they were told.
	Before []snapshot.Memory `json:"before"`
	After  []snapshot.Memory `json:"after"`
}

// Explain shows how a score came about.
type Explain struct {
	// Words are the words looked for. Their scores and the numbers below add up to that of the hit.
	Words []WordScore `json:"words"`
	// Phrases is what phrases in quotes add; the others are what Weights add.
	Phrases    float64 `json:"phrases,omitempty"`
	Recency    float64 `json:"recency,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`
	Importance float64 `json:"importance,omitempty"`
	// Length is how many words the memory has, AverageLength how many the memories of the scope have.
	Length        int     `json:"length"`
	AverageLength float64 `json:"average_length"`
	// Memories is how many active memories the scope has.
	Memories int64 `json:"memories"`
}

// WordScore is what one word adds to a score.
type WordScore struct {
	Word string `json:"word"`
	// Term is what was found of the word: itself, another spelling, a synonym, as Kind says; empty if nothing.
	Term string `json:"term,omitempty"`
	Kind string `json:"kind,omitempty"`
	// Neighbor is the memory, told just before or after, that the word was found in; absent if it stands in the memory itself.
	Neighbor *uuid.UUID `json:"neighbor,omitempty"`
	// Documents is how many of the memories hold the word.
	Documents int `json:"documents"`
	// IDF is the weight of the word: the rarer, the higher.
	IDF float64 `json:"idf"`
	// Frequency is how often the term stands where it was found, with the weight of the place, up to 15 in the content and elsewhere.
	Frequency int     `json:"frequency"`
	Score     float64 `json:"score"`
}
