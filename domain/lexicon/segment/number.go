package segment

import (
	"slices"
	"strings"
	"unicode"
)

// numberOf reads a number, with or without a unit of letters: 10km, 1,000.50, 3,5, 10:30. Thousands lose their separators and the
// decimal sign becomes a point. A text with more points, such as an address or a version, is not a number.
func numberOf(text string) (number, unit string, ok bool) {
	end := 0
	var signs []byte
	var groups []string
	for {
		from := end
		for end < len(text) && isDigitAt(text, end) {
			end++
		}
		if end == from {
			return "", "", false
		}
		groups = append(groups, text[from:end])
		if end+1 >= len(text) || !strings.ContainsRune(".,:", rune(text[end])) || !isDigitAt(text, end+1) {
			break
		}
		signs = append(signs, text[end])
		end++
	}
	unit = text[end:]
	if strings.ContainsFunc(unit, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		return "", "", false
	}
	last := len(signs) - 1
	switch {
	case last < 0:
		return groups[0], unit, true
	case slices.Contains(signs, ':'):
		return text[:end], unit, !slices.ContainsFunc(signs, func(c byte) bool { return c != ':' })
	case isThousands(groups[:last+2]) && uniform(signs) && (last > 0 || signs[0] == ','):
		return strings.Join(groups, ""), unit, true
	case last == 0 || isThousands(groups[:last+1]) && uniform(signs[:last]) && signs[last] != signs[0]:
		return strings.Join(groups[:last+1], "") + "." + groups[last+1], unit, true
	}
	return "", "", false
}

// isThousands tells whether all groups of digits but the first have three.
func isThousands(groups []string) bool {
	return len(groups[0]) <= 3 && !slices.ContainsFunc(groups[1:], func(group string) bool { return len(group) != 3 })
}

func uniform(signs []byte) bool {
	return !slices.ContainsFunc(signs, func(c byte) bool { return c != signs[0] })
}

// IsNumber tells whether a word consists of ASCII digits.
func IsNumber(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < '0' || c > '9' {
			return false
		}
	}
	return text != ""
}

func isDigitAt(text string, at int) bool { return text[at] >= '0' && text[at] <= '9' }
