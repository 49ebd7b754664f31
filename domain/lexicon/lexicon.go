// Package lexicon turns a text into the lexemes by which it is indexed and searched. Memories and queries are
// analyzed by the same code, so that whatever a word becomes, it becomes on both sides.
//
// A text is parted into words (Words). A word is written in lower case; a stop word is left out, but counts as a
// place, so that the distances within a phrase stay; a word of letters alone becomes its stem by the English
// Snowball algorithm; one with a digit stays as it is. This is what PostgreSQL's to_tsvector('english') makes of the plain words,
// apart from a number such as 12e5x, which it takes to be 12e5 and x. Two programs that analyze differently must
// not share an index: a change here is a new version of the projection search.
package lexicon

import (
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// Occurrence is a lexeme and its place among the words of a text, counted from 1.
type Occurrence struct {
	Lexeme   string
	Position int
}

const (
	// An Analyzer remembers a word in one of the ways of a set; where all are taken, another word is forgotten.
	sets, ways = 1 << 13, 4
	// longestCached keeps what is remembered within a few MiB, whatever the texts hold.
	longestCached = 32
)

// Analyzer finds the lexemes of texts and remembers those of the words that it met. It is safe for concurrent use.
type Analyzer struct {
	stop map[string]bool
	seed maphash.Seed
	// Without a lock: what is lost in a race is found again by analyzing the word.
	known [sets][ways]atomic.Pointer[analyzed]
}

// analyzed is a word and what became of it: nothing for a stop word.
type analyzed struct{ word, lexeme string }

// New makes an Analyzer.
func New() *Analyzer {
	return &Analyzer{stop: stopWords(), seed: maphash.MakeSeed()}
}

// Occurrences returns the lexemes of a text in the order of their places.
func (a *Analyzer) Occurrences(text string) []Occurrence {
	// One word in two or three, and its space, are about so many bytes.
	found := make([]Occurrence, 0, len(text)/8+1)
	position := 0
	for word := range Words(text) {
		position++
		found = a.Append(found, word, position)
	}
	return found
}

// Append adds the lexeme of one word, unless it is a stop word.
func (a *Analyzer) Append(found []Occurrence, word string, position int) []Occurrence {
	if lexeme := a.lexeme(word); lexeme != "" {
		found = append(found, Occurrence{lexeme, position})
	}
	return found
}

func (a *Analyzer) lexeme(word string) string {
	if len(word) > longestCached {
		return a.analyze(word)
	}
	hash := maphash.String(a.seed, word)
	set := &a.known[hash%sets]
	place := &set[hash/sets%ways]
	for way := range set {
		known := set[way].Load()
		if known == nil {
			place = &set[way]
			break
		}
		if known.word == word {
			return known.lexeme
		}
	}
	// A copy, for the word is a piece of a text that would be kept with it.
	word = strings.Clone(word)
	known := &analyzed{word, a.analyze(word)}
	place.Store(known)
	return known.lexeme
}

func (a *Analyzer) analyze(word string) string {
	word = strings.ToLower(word)
	if a.stop[word] {
		return ""
	}
	if strings.ContainsAny(word, "0123456789") {
		return word
	}
	env := snowballstem.NewEnv(word)
	english.Stem(env)
	return env.Current()
}
