// Package lexicon turns texts into the terms by which they are indexed, and queries into words with the terms that match
// them. Memories and queries are analyzed by the same code, so that a text is found by itself, whatever it is.
//
// A text is brought into Unicode's form NFKC and split at white space into tokens, a token into words. Letters become lower
// case; ß is ss, a digit of any script an ASCII digit; joiners, soft hyphens and other invisible characters are removed.
// These rules make the terms:
//
//   - A word of letters becomes its stem in each configured language of its script; before that an irregular English form
//     becomes its base form. A stop word is its own term, so that a query of stop words only can look for them.
//   - A word with accents also has its form without them as a variant: café has the term café and the variant ~cafe.
//     A query for cafe looks for cafe and, at a lower weight, ~cafe; a query for café looks for all three. So both
//     spellings find each other and the exact one comes first.
//   - A compound (getUserById, wi-fi, 10km, an e-mail address, a path) has the terms of its parts and one of the whole.
//   - Scripts without spaces, and Korean, have overlapping pairs of characters and the characters one by one.
//   - An emoji or other symbol is a word, an emoji of several with its components as variants.
//   - A token of punctuation only is a word too, and always a stop word.
//   - Of a word longer than MaxWord characters the first MaxWord are the term.
//
// Programs that analyze differently must not share an index: Analyzer.Version is part of the version of what they make.
package lexicon

import (
	"cmp"
	"time"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// MaxWord is how many characters of a word its term holds.
const MaxWord = segment.MaxWord

// Variant begins the terms of variants: forms that a text does not have literally. A variant and its word, ~cafe and cafe,
// are best kept side by side in an index, since a query that looks for one looks for both.
const Variant = "~"

// Text is what a document is made of.
type Text struct {
	Type              string
	Content, Metadata canonjson.Value
	// At is when it happened; its year, month and day are terms. Default: no such terms.
	At time.Time
}

// Document holds the terms of a text.
type Document struct {
	// Terms are sorted by Hash and Text, each once.
	Terms []Term
	// Length is the number of words of the content and the type that are not stop words.
	Length int
}

// Term is a term of a document and how often it occurs.
type Term struct {
	Text string
	Hash uint32 // Hash of Text
	// Content counts the occurrences in the content, keys included.
	Content int
	// Other counts occurrences elsewhere: one for the type, three for a word in a value of the metadata (one if it holds a
	// digit, as ids and timestamps do), one for the date.
	Other int
}

// Word is a word of a query.
type Word struct {
	// Text is the word in lower case.
	Text string
	// Stop tells that the word is worth looking for only if the query has no other.
	Stop bool
	// Terms match the word, the heaviest first. There is at least one, and a document of the query's text has one of them.
	// They must not be changed.
	Terms []Alternative
	// Phrase is the number of the quoted phrase of several words that the word belongs to, 0 if none.
	Phrase int
	// Position is the word's place in the text, counted from 1.
	Position int
}

// Alternative is a term that matches a word to the extent of its weight, in (0, 1].
type Alternative struct {
	Term   string
	Weight float64
	Kind   Kind
}

// Occurrence is a term and its position among the words of a text, counted from 1.
type Occurrence struct {
	Term     string
	Position int
}

// Kind tells how a term relates to the word that it matches.
type Kind uint8

// The kinds of alternatives. Synonyms come from Analyzer.Synonyms; typos and words by prefix are found by who searches.
const (
	Exact     Kind = iota
	Folded         // without accents, or with others
	Whole          // the compound that the word is a part of
	Part           // the word as part of the query's compound
	Irregular      // the base form of an irregular form
	Synonym
	Prefixed
	Typo
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"exact", "folded", "whole", "part", "irregular", "synonym", "prefix", "typo"}[k]
}

// heaviest orders alternatives by weight.
func heaviest(a, b Alternative) int { return cmp.Compare(b.Weight, a.Weight) }
