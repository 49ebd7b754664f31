package search

import "github.com/auren-memory/auren/domain/lexicon"

// Document returns the vector that is stored for a text, as PostgreSQL writes it, and how many words it holds.
func Document(found []lexicon.Occurrence) (vector string, words int) {
	d := newDocument(found)
	return d.vector.String(), d.words
}
