package canonjson

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain"
)

// string writes the string that starts at the next byte in its canonical form.
func (s *scanner) string(out []byte) ([]byte, error) {
	if end := plainText(s.in, s.at+1); end < len(s.in) && s.in[end] == '"' && utf8.Valid(s.in[s.at:end]) {
		out = append(out, s.in[s.at:end+1]...)
		s.at = end + 1
		return out, nil
	}
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	return appendQuoted(out, text), nil
}

// text reads the string that starts at the next byte and returns its value: a slice of the input if the string has no
// escapes.
func (s *scanner) text() ([]byte, error) {
	s.at++
	start := s.at
	s.at = plainText(s.in, start)
	decoded := s.in[start:s.at:s.at]
	for {
		if s.at >= len(s.in) {
			return nil, s.syntax("")
		}
		switch c := s.in[s.at]; {
		case c == '"':
			s.at++
			if !utf8.Valid(decoded) {
				return nil, domain.Invalidf("", "must be valid UTF-8")
			}
			return decoded, nil
		case c == '\\':
			var err error
			if decoded, err = s.escape(decoded); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, s.syntax("a control character must be escaped in a string")
		default:
			decoded = append(decoded, c)
			s.at++
		}
	}
}

// escapes are the letters after a backslash that stand for the characters of escaped.
const escapes, escaped = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

func (s *scanner) escape(decoded []byte) ([]byte, error) {
	if s.at+1 >= len(s.in) {
		s.at = len(s.in)
		return nil, s.syntax("")
	}
	if i := strings.IndexByte(escapes, s.in[s.at+1]); i >= 0 {
		s.at += 2
		return append(decoded, escaped[i]), nil
	}
	r, ok := s.unicodeEscape(s.at)
	if !ok {
		return nil, s.syntax("unknown escape in a string")
	}
	s.at += 6
	switch {
	case r == 0:
		return nil, domain.Invalidf("", "must not contain a NUL character")
	case utf16.IsSurrogate(r):
		low, ok := s.unicodeEscape(s.at)
		pair := utf16.DecodeRune(r, low)
		if !ok || pair == utf8.RuneError {
			return nil, domain.Invalidf("", `must not contain a lone surrogate, got \u%04x`, r)
		}
		s.at += 6
		r = pair
	}
	return utf8.AppendRune(decoded, r), nil
}

// unicodeEscape reads \uXXXX at a position without consuming it.
func (s *scanner) unicodeEscape(at int) (rune, bool) {
	if at+6 > len(s.in) || s.in[at] != '\\' || s.in[at+1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(s.in[at+2:at+6]), 16, 16)
	return rune(unit), err == nil
}

// plainText returns where the plain text that starts at a position ends: at a quotation mark, a backslash, a control
// character or the end. Plain text is its own canonical form. It looks at eight
// bytes at once, as one number: checking a text of 1,000 bytes takes half of the time.
func plainText[T string | []byte](in T, at int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(in); at += 8 {
		x := uint64(in[at]) | uint64(in[at+1])<<8 | uint64(in[at+2])<<16 | uint64(in[at+3])<<24 |
			uint64(in[at+4])<<32 | uint64(in[at+5])<<40 | uint64(in[at+6])<<48 | uint64(in[at+7])<<56
		quote, backslash := x^'"'*each, x^'\\'*each
		// A byte without its high bit is less than n where subtracting n sets that bit. Only the bytes above such a one may borrow,
		// so the lowest bit that is set is right.
		special := ((x-' '*each)&^x | (quote-each)&^quote | (backslash-each)&^backslash) & high
		if special != 0 {
			return at + bits.TrailingZeros64(special)/8
		}
	}
	for at < len(in) && in[at] >= ' ' && in[at] != '"' && in[at] != '\\' {
		at++
	}
	return at
}

// AppendText writes a JSON string according to RFC 8785, section 3.2.2.2. Bytes that are not UTF-8 become U+FFFD, as in
// encoding/json. A NUL is escaped; Parse rejects it.
func AppendText(out []byte, text string) []byte {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	return appendQuoted(out, text)
}

// appendQuoted writes a JSON string; text is valid UTF-8.
func appendQuoted[T string | []byte](out []byte, text T) []byte {
	out = append(out, '"')
	for at := 0; ; at++ {
		special := plainText(text, at)
		out = append(out, text[at:special]...)
		if special == len(text) {
			return append(out, '"')
		}
		out = appendEscaped(out, text[special])
		at = special
	}
}

func appendEscaped(out []byte, c byte) []byte {
	if i := strings.IndexByte(escaped, c); i >= 0 {
		return append(out, '\\', escapes[i])
	}
	const hex = "0123456789abcdef"
	return append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// compareUTF16 orders UTF-8 by its UTF-16 code units (RFC 8785, section 3.2.3). That is the order of the bytes, except that
// a character beyond U+FFFF, which starts with a byte from 0xf0 on, comes before one from U+E000 on (0xee and 0xef).
func compareUTF16[T string | []byte](a, b T) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n == len(a) || n == len(b) {
		return len(a) - len(b)
	}
	x, y := int(a[n]), int(b[n])
	if min(x, y) >= 0xee && (x >= 0xf0) != (y >= 0xf0) {
		return y - x
	}
	return x - y
}
