package segment

import "unicode/utf8"

// piece is a run of characters of one class within a token, marks and invisible characters included.
type piece struct {
	class      class
	start, end int
}

// cutPieces cuts a token. Punctuation characters make one piece, each symbol makes one with what modifies it.
func cutPieces(text string) []piece {
	var pieces []piece
	var last rune // the last character that is not invisible
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		c := classOf(r)
		n := len(pieces) - 1
		switch {
		case c == invisible && n < 0:
			// Nothing to belong to.
		case c == invisible && joins(r, last) && pieces[n].class == letter:
			pieces = append(pieces, piece{punct, at, at + size})
		case c == invisible, c == mark && pieces != nil && pieces[n].class != punct && pieces[n].class != gap:
			pieces[n].end = at + size
		case c == symbol && n >= 0 && pieces[n].class == symbol && extends(text[pieces[n].start:at], r):
			pieces[n].end = at + size
		case n >= 0 && pieces[n].class == c && c != symbol && c != mark:
			pieces[n].end = at + size
		case c == mark:
			pieces = append(pieces, piece{letter, at, at + size})
		default:
			pieces = append(pieces, piece{c, at, at + size})
		}
		if c != invisible {
			last = r
		}
		at += size
	}
	return pieces
}

// joins tells whether an invisible character separates the parts of a compound: a zero-width space does, and a zero-width
// non-joiner in the Arabic script, where it stands before endings.
func joins(r, before rune) bool {
	return r == '\u200b' || r == '\u200c' && before >= 0x600 && before < 0x780
}

// Characters returns where the characters of a word begin, each with its marks, and at last where the word ends.
func Characters(word string) []int {
	starts := make([]int, 0, len(word)/2+1)
	for i, r := range word {
		if i == 0 || classOf(r) != mark {
			starts = append(starts, i)
		}
	}
	return append(starts, len(word))
}
