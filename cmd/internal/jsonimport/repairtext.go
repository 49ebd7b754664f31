package jsonimport

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// keyText decodes a quoted key, repaired.
func keyText(raw []byte) string {
	r := repairer{in: raw, noted: map[Note]bool{}}
	text, err := r.text("")
	if err != nil {
		return strings.ToValidUTF8(string(raw), string(utf8.RuneError))
	}
	return text
}

// text decodes the string that starts at the next byte, repaired.
func (r *repairer) text(field string) (string, error) {
	r.at++
	var out []byte
	for r.at < len(r.in) {
		switch c := r.in[r.at]; {
		case c == '"':
			r.at++
			return string(out), nil
		case c == '\\':
			char, err := r.escape(field)
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, char)
		case c < ' ':
			r.at++
			out = utf8.AppendRune(out, r.control(field, rune(c)))
		case c < utf8.RuneSelf:
			r.at++
			out = append(out, c)
		default:
			char, size := utf8.DecodeRune(r.in[r.at:])
			if char == utf8.RuneError && size == 1 {
				r.note(NoteInvalidUTF8, field, "a byte that is not UTF-8 was replaced by U+FFFD")
			}
			r.at += size
			out = utf8.AppendRune(out, char)
		}
	}
	return "", r.syntax("")
}

// control handles an unescaped control character in a string.
func (r *repairer) control(field string, char rune) rune {
	if char == 0 {
		return r.nul(field)
	}
	r.note(NoteControlCharacter, field, "an unescaped control character was kept")
	return char
}

func (r *repairer) nul(field string) rune {
	r.note(NoteNUL, field, "a NUL character was replaced by U+FFFD")
	return utf8.RuneError
}

func (r *repairer) escape(field string) (rune, error) {
	if r.at+1 >= len(r.in) {
		r.at = len(r.in)
		return 0, r.syntax("")
	}
	const names, plain = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := strings.IndexByte(names, r.in[r.at+1]); i >= 0 {
		r.at += 2
		return rune(plain[i]), nil
	}
	unit, ok := r.unit()
	if !ok {
		return 0, r.syntax("unknown escape in a string")
	}
	r.at += 6
	switch {
	case unit == 0:
		return r.nul(field), nil
	case !utf16.IsSurrogate(unit):
		return unit, nil
	}
	if low, ok := r.unit(); ok {
		if char := utf16.DecodeRune(unit, low); char != utf8.RuneError {
			r.at += 6
			return char, nil
		}
	}
	r.note(NoteLoneSurrogate, field, "a lone surrogate was replaced by U+FFFD")
	return utf8.RuneError, nil
}

// unit reads \uXXXX without consuming it.
func (r *repairer) unit() (rune, bool) {
	if r.at+6 > len(r.in) || r.in[r.at] != '\\' || r.in[r.at+1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(r.in[r.at+2:r.at+6]), 16, 16)
	return rune(unit), err == nil
}
