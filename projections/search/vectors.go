package search

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/lexicon"
)

// The limits of a tsvector, which to_tsvector observes too.
const (
	lastPosition = 1<<14 - 1
	maxPositions = 1<<8 - 1
)

// document is an indexed text.
type document struct {
	vector pgtype.TSVector
	// words is how many positions the vector holds; stop words have none.
	words int
}

// newDocument makes a tsvector from the lexemes of a text; it sorts them.
func newDocument(found []lexicon.Occurrence) document {
	d := document{vector: pgtype.TSVector{Valid: true, Lexemes: make([]pgtype.TSVectorLexeme, 0, len(found))}}
	// All positions share one array, of which each lexeme has a slice.
	positions := make([]pgtype.TSVectorPosition, 0, len(found))
	slices.SortFunc(found, func(a, b lexicon.Occurrence) int {
		return cmp.Or(strings.Compare(a.Lexeme, b.Lexeme), a.Position-b.Position)
	})
	for i := 0; i < len(found); {
		lexeme, from := found[i].Lexeme, len(positions)
		for last := uint16(0); i < len(found) && found[i].Lexeme == lexeme; i++ {
			position := uint16(min(found[i].Position, lastPosition)) //nolint:gosec // at most lastPosition
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
