package search

import "github.com/auren-memory/auren/domain/lexicon"

// For the tests outside the package, which pgtest, importing it, forces on us.
var InOrder = inOrder

// Document returns the vector that is stored for a text, as PostgreSQL writes it, and how many words it holds.
func Document(found []lexicon.Occurrence) (vector string, words int) {
	d := newDocument(found)
	return d.vector.String(), d.words
}
