package segment

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// quotation is a text in quotation marks.
type quotation struct{ start, end int }

// Quotations are the texts in quotation marks of a text, in order.
type Quotations []quotation

// QuotationsOf finds the texts in quotation marks of a normalized text. A mark after a letter or digit opens none: 5'10" tall.
func QuotationsOf(text string) (all Quotations) {
	open := -1
	for i := range len(text) {
		if text[i] != '"' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		switch {
		case open >= 0:
			if strings.TrimSpace(text[open+1:i]) != "" {
				all = append(all, quotation{open, i})
			}
			open = -1
		case i == 0 || classOf(before) != letter:
			open = i
		}
	}
	return all
}

// At returns the number, from 1, of the quotation around a place, 0 if there is none.
func (q Quotations) At(at int) int {
	i, _ := slices.BinarySearchFunc(q, at, func(q quotation, at int) int { return q.end - at })
	if i < len(q) && q[i].start < at {
		return i + 1
	}
	return 0
}
