package jsonimport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/canonjson"
)

// canonical returns the canonical form of a record as it will be stored, with a note for each replacement. Its error
// says why the record cannot be stored.
func canonical(raw []byte) (canonjson.Value, []Note, error) {
	value, err := canonjson.Parse(raw)
	if err == nil {
		return value, nil, nil
	}
	r := repairer{in: raw}
	repaired, err := r.value("", 0)
	if err != nil {
		return canonjson.Value{}, nil, err
	}
	if r.next(); r.at < len(raw) {
		return canonjson.Value{}, nil, r.syntax("unexpected text after the value")
	}
	value, err = canonjson.Parse(repaired)
	return value, r.notes, err
}

// maxNotes is the maximum number of notes per record.
const maxNotes = 100

// repairer reads one JSON value and rewrites it, replacing everything that JSON or PostgreSQL's jsonb does not allow.
// It fails only if the text cannot be read as JSON at all.
type repairer struct {
	in    []byte
	at    int
	notes []Note
}

func (r *repairer) note(code NoteCode, field, text string) {
	n := Note{Code: code, Field: field, Text: text}
	if len(r.notes) < maxNotes && !slices.Contains(r.notes, n) {
		r.notes = append(r.notes, n)
	}
}

func (r *repairer) syntax(problem string) error {
	if r.at >= len(r.in) {
		return errors.New("is not valid JSON: it ends too early")
	}
	return fmt.Errorf("is not valid JSON: %s at byte %d of the record", problem, r.at)
}

// next skips white space and returns the byte there, 0 at the end.
func (r *repairer) next() byte {
	for ; r.at < len(r.in); r.at++ {
		if c := r.in[r.at]; bytes.IndexByte([]byte(" \t\r\n"), c) < 0 {
			return c
		}
	}
	return 0
}

func (r *repairer) value(field string, depth int) ([]byte, error) {
	if depth > canonjson.MaxDepth {
		return nil, fmt.Errorf("must be nested at most %d levels deep", canonjson.MaxDepth)
	}
	switch r.next() {
	case '{':
		return r.object(field, depth)
	case '[':
		return r.array(field, depth)
	case '"':
		text, err := r.text(field)
		return canonjson.AppendText(nil, text), err
	default:
		return r.word(field)
	}
}

// elements reads the elements of the array or object that starts at the next byte.
func (r *repairer) elements(closing byte, one func(i int) error) error {
	r.at++
	if r.next() == closing {
		r.at++
		return nil
	}
	for i := 0; ; i++ {
		if err := one(i); err != nil {
			return err
		}
		switch r.next() {
		case ',':
			r.at++
		case closing:
			r.at++
			return nil
		default:
			return r.syntax("expected a comma or " + string(closing))
		}
	}
}

func (r *repairer) array(field string, depth int) ([]byte, error) {
	var elements [][]byte
	err := r.elements(']', func(i int) error {
		element, err := r.value(field+"["+strconv.Itoa(i)+"]", depth+1)
		elements = append(elements, element)
		return err
	})
	return slices.Concat([]byte{'['}, bytes.Join(elements, []byte{','}), []byte{']'}), err
}

// object writes the members in any order; the canonical form sorts them.
func (r *repairer) object(field string, depth int) ([]byte, error) {
	members := map[string][]byte{}
	err := r.elements('}', func(int) error {
		if r.next() != '"' {
			return r.syntax("expected a key in double quotes")
		}
		key, err := r.text(field)
		if err != nil {
			return err
		}
		if r.next() != ':' {
			return r.syntax("expected a colon")
		}
		r.at++
		path := join(field, key)
		value, err := r.value(path, depth+1)
		if _, twice := members[key]; twice {
			r.note(NoteDuplicateKey, path, "the object has the key twice; the last value was used")
		}
		members[key] = append(append(canonjson.AppendText(nil, key), ':'), value...)
		return err
	})
	return slices.Concat([]byte{'{'}, bytes.Join(slices.Collect(maps.Values(members)), []byte{','}), []byte{'}'}), err
}

// join names a member of a field.
func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// word reads a number or a literal, including those that Python's json module writes but JSON does not have.
func (r *repairer) word(field string) ([]byte, error) {
	start := r.at
	for r.at < len(r.in) && bytes.IndexByte([]byte(" \t\r\n,]}[{\":"), r.in[r.at]) < 0 {
		r.at++
	}
	word := r.in[start:r.at]
	switch string(word) {
	case "true", "false", "null":
		return word, nil
	case "NaN", "Infinity", "-Infinity":
		r.note(NoteNotANumber, field, string(word)+" is not JSON; null was used")
		return []byte("null"), nil
	}
	if _, err := canonjson.Parse(word); err == nil {
		return word, nil
	}
	if !json.Valid(word) {
		r.at = start
		return nil, r.syntax("expected a value")
	}
	r.note(NoteLongNumber, field, fmt.Sprintf("the number has more than %d digits; it was kept as a string", canonjson.MaxNumberDigits))
	return canonjson.AppendText(nil, string(word)), nil
}

// keyText decodes a quoted key, repaired.
func keyText(raw []byte) string {
	r := repairer{in: raw}
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
		case c == 0:
			r.at++
			out = utf8.AppendRune(out, r.nul(field))
		case c < ' ':
			r.at++
			out = append(out, c)
			r.note(NoteControlCharacter, field, "an unescaped control character was kept")
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
