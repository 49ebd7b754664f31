package search

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/lexicon"
)

// The bounds of a tsvector, as to_tsvector keeps them.
const (
	lastPosition = 1<<14 - 1
	maxPositions = 1<<8 - 1
)

// document is a text as it is indexed.
type document struct {
	vector pgtype.TSVector
	// words is how many places the vector holds; stop words have none.
	words int
}

// newDocument makes the tsvector of the lexemes of a text.
func newDocument(found []lexicon.Occurrence) document {
	d := document{vector: pgtype.TSVector{Valid: true, Lexemes: make([]pgtype.TSVectorLexeme, 0, len(found))}}
	// All positions lie in one array, of which each lexeme has a piece.
	positions := make([]pgtype.TSVectorPosition, 0, len(found))
	order := inOrder(found)
	for i := 0; i < len(order); {
		lexeme, from := found[order[i].place].Lexeme, len(positions)
		for last := uint16(0); i < len(order) && found[order[i].place].Lexeme == lexeme; i++ {
			position := uint16(min(found[order[i].place].Position, lastPosition)) //nolint:gosec // at most lastPosition
			if position != last && len(positions)-from < maxPositions {
				positions = append(positions, pgtype.TSVectorPosition{Position: position})
				last = position
			}
		}
		d.vector.Lexemes = append(d.vector.Lexemes, pgtype.TSVectorLexeme{Word: lexeme, Positions: positions[from:len(positions):len(positions)]})
	}
	d.words = len(positions)
	return d
}

// sortKey is the first bytes of a lexeme, by which it can mostly be compared, and its place among the occurrences.
type sortKey struct {
	prefix uint64
	place  int
}

// inOrder sorts occurrences by lexeme, byte by byte, and those of one lexeme by position.
func inOrder(found []lexicon.Occurrence) []sortKey {
	keys := make([]sortKey, len(found))
	for i := range found {
		var prefix [8]byte
		copy(prefix[:], found[i].Lexeme)
		keys[i] = sortKey{binary.BigEndian.Uint64(prefix[:]), i}
	}
	slices.SortFunc(keys, func(a, b sortKey) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if order := strings.Compare(found[a.place].Lexeme, found[b.place].Lexeme); order != 0 {
			return order
		}
		return a.place - b.place
	})
	return keys
}
