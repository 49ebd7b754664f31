package terminal

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Count says how many there are of something, as in "1 memory" and "2,000 memories".
func Count[N int | int64](n N, one string) string {
	many := one + "s"
	if stem, ok := strings.CutSuffix(one, "y"); ok {
		many = stem + "ies"
	}
	if n == 1 {
		many = one
	}
	return Number(n) + " " + many
}

// Number writes thousands apart, as in 12,345.
func Number[N int | int64](n N) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Time writes a time for people: in their zone, to the second.
func Time(t time.Time) string { return t.Local().Format(TimeLayout) }

// TimeLayout is how Time writes.
const TimeLayout = time.DateTime

// Duration writes how long something lasted in three digits.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

// Quoted writes a word so that a shell takes it as it stands.
func Quoted(word string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:,@%+", r)
	}
	if word != "" && strings.TrimFunc(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

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
