package terminal

import (
	"strings"
	"unicode"
)

// OneLine makes a text of any origin safe to print on one line: what could move the cursor, change colours or
// reverse the order of letters becomes a space.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d'
	}), " ")
}

// Printable keeps the lines of a text and makes the rest of it safe like oneLine.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d') {
			return ' '
		}
		return r
	}, text)
}
