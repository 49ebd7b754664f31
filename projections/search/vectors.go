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
		lexeme, from := found[order[i]].Lexeme, len(positions)
		for last := uint16(0); i < len(order) && found[order[i]].Lexeme == lexeme; i++ {
			position := uint16(min(found[order[i]].Position, lastPosition)) //nolint:gosec // at most lastPosition
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

// inOrder sorts occurrences by lexeme, byte by byte, and those of one lexeme by position: it returns their places. Most
// are told apart by the first six bytes of their lexeme, which together with the place make a number.
func inOrder(found []lexicon.Occurrence) []int {
	const placeBits = 16
	places := make([]int, len(found))
	byLexeme := func(a, b int) int {
		return cmp.Or(strings.Compare(found[a].Lexeme, found[b].Lexeme), a-b)
	}
	if len(found) >= 1<<placeBits {
		for place := range places {
			places[place] = place
		}
		slices.SortFunc(places, byLexeme)
		return places
	}
	keys := make([]uint64, len(found))
	for place := range found {
		var prefix [8]byte
		copy(prefix[:6], found[place].Lexeme)
		keys[place] = binary.BigEndian.Uint64(prefix[:]) | uint64(place) //nolint:gosec // less than 1<<placeBits
	}
	slices.Sort(keys)
	from := 0 // where those of one prefix begin
	for i, key := range keys {
		places[i] = int(key & (1<<placeBits - 1))
		if key>>placeBits != keys[from]>>placeBits {
			slices.SortFunc(places[from:i], byLexeme)
			from = i
		}
	}
	slices.SortFunc(places[from:], byLexeme)
	return places
}
