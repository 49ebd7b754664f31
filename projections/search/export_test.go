package search

import "github.com/auren-memory/auren/domain/lexicon"

// Document returns the stored vector of a text, in PostgreSQL's notation, and its number of words.
func Document(found []lexicon.Occurrence) (vector string, words int) {
	d := newDocument(found)
	return d.vector.String(), d.words
}
