package segment

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxWord is how many characters Cut leaves of a word.
const MaxWord = 100

// Normalize brings a text into form NFKC and makes the many hyphens, apostrophes and quotation marks one each.
func Normalize(text string) string {
	if isASCII(text) {
		return text
	}
	if strings.Contains(text, "\u2122") || strings.Contains(text, "\u2120") { // which become TM and SM: not part of the word before them
		text = strings.NewReplacer("\u2122", " \u2122", "\u2120", " \u2120").Replace(text)
	}
	text = norm.NFKC.String(strings.ToValidUTF8(text, "\ufffd"))
	// The signs begin with these bytes, as few letters do.
	if strings.IndexByte(text, 0xe2) < 0 && strings.IndexByte(text, 0xc2) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '‐', '‑', '−':
			return '-'
		case '‘', '’', '‛', '′':
			return '\''
		case '“', '”', '„', '‟', '″', '«', '»':
			return '"'
		}
		return r
	}, text)
}

// Fold returns a normalized word in lower case, without what is invisible.
func Fold(word string) string {
	if isASCII(word) {
		return strings.ToLower(word)
	}
	var out strings.Builder
	for _, r := range word {
		switch {
		case r < utf8.RuneSelf:
			out.WriteRune(unicode.ToLower(r))
		case r == 'ß', r == 'ẞ':
			out.WriteString("ss")
		case r == 'ς':
			out.WriteRune('σ')
		case unicode.IsDigit(r):
			out.WriteRune(digit(r))
		case classOf(r) != invisible:
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return norm.NFC.String(out.String())
}

// digit returns the ASCII digit of a decimal digit: those of a script follow each other, from zero to nine.
func digit(r rune) rune {
	for _, span := range unicode.Nd.R16 {
		if r <= rune(span.Hi) {
			return '0' + (r-rune(span.Lo))%10
		}
	}
	for _, span := range unicode.Nd.R32 {
		if r <= rune(span.Hi) {
			return '0' + (r-rune(span.Lo))%10
		}
	}
	return r
}

// Cut returns the first MaxWord characters of a word.
func Cut(word string) string {
	if len(word) <= MaxWord {
		return word
	}
	n := 0
	for i := range word {
		if n == MaxWord {
			return word[:i]
		}
		n++
	}
	return word
}
