package segment

import "iter"

// Segments yields the segments of a token in order.
func Segments(token string) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		pieces := cutPieces(token)
		for from := 0; from < len(pieces); {
			to := from
			for to < len(pieces) && pieces[to].class != gap {
				to++
			}
			if !yieldPieces(token, pieces[from:to], yield) {
				return
			}
			from = to + 1
		}
	}
}

// yieldPieces yields the segments of pieces without a gap, and tells whether to go on.
func yieldPieces(text string, pieces []piece, yield func(Segment) bool) bool {
	found := false
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		s := Segment{Text: text[p.start:p.end]}
		switch p.class {
		case letter:
			last := compoundEnd(text, pieces, i)
			s = compoundOf(text, pieces, i, last)
			i = last
		case dense:
			s.Kind = Dense
		case symbol:
			s.Kind = Symbol
		default:
			numeric := i > 0 && isDigitAt(text, p.start-1) || i+1 < len(pieces) && isDigitAt(text, p.end)
			for _, c := range s.Text {
				if numeric && (c == '$' || c == '%') {
					found = true
					if !yield(Segment{Kind: Symbol, Text: string(c)}) {
						return false
					}
				}
			}
			continue
		}
		found = true
		if !yield(s) {
			return false
		}
	}
	if found || len(pieces) == 0 {
		return true
	}
	signs := Cut(Fold(text[pieces[0].start:pieces[len(pieces)-1].end]))
	return signs == "" || yield(Segment{Kind: Signs, Text: signs})
}
