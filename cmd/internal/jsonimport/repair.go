package jsonimport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/auren-memory/auren/domain/canonjson"
)

// canonical returns the canonical form of a record as it will be kept, with a note for each replacement. Its error
// says why the record cannot be kept.
func canonical(raw []byte) (json.RawMessage, []Note, error) {
	value, err := canonjson.Parse(raw)
	if err == nil {
		return value.Raw(), nil, nil
	}
	r := repairer{in: raw, noted: map[Note]bool{}}
	repaired, err := r.value("", 0)
	if err != nil {
		return nil, nil, err
	}
	if r.space(); r.at < len(raw) {
		return nil, nil, r.syntax("it holds more after its end")
	}
	value, err = canonjson.Parse(repaired)
	return value.Raw(), r.notes, err
}

// maxNotes is how many notes one record gets at most.
const maxNotes = 100

// repairer reads one JSON value and writes it again with everything replaced that has no place in JSON or in
// PostgreSQL's jsonb. It fails only where the text is no JSON at all.
type repairer struct {
	in    []byte
	at    int
	notes []Note
	noted map[Note]bool
}

func (r *repairer) note(code NoteCode, field, text string) {
	n := Note{Code: code, Field: field, Text: text}
	if len(r.notes) < maxNotes && !r.noted[n] {
		r.noted[n] = true
		r.notes = append(r.notes, n)
	}
}

func (r *repairer) syntax(problem string) error {
	if r.at >= len(r.in) {
		return errors.New("is no valid JSON: it ends too early")
	}
	return fmt.Errorf("is no valid JSON: %s, at its byte %d", problem, r.at)
}

func (r *repairer) space() {
	for r.at < len(r.in) && bytes.IndexByte([]byte(" \t\r\n"), r.in[r.at]) >= 0 {
		r.at++
	}
}

// next skips white space and returns the byte there, 0 at the end.
func (r *repairer) next() byte {
	if r.space(); r.at < len(r.in) {
		return r.in[r.at]
	}
	return 0
}

func (r *repairer) value(field string, depth int) ([]byte, error) {
	if depth > canonjson.MaxDepth {
		return nil, fmt.Errorf("nests deeper than %d levels", canonjson.MaxDepth)
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

func (r *repairer) array(field string, depth int) ([]byte, error) {
	r.at++
	out := []byte{'['}
	if r.next() == ']' {
		r.at++
		return append(out, ']'), nil
	}
	for i := 0; ; i++ {
		element, err := r.value(field+"["+strconv.Itoa(i)+"]", depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, element...)
		switch r.next() {
		case ',':
			out = append(out, ',')
		case ']':
			r.at++
			return append(out, ']'), nil
		default:
			return nil, r.syntax("a comma or ] was expected")
		}
		r.at++
	}
}

func (r *repairer) object(field string, depth int) ([]byte, error) {
	r.at++
	var keys []string
	values := map[string][]byte{}
	if r.next() == '}' {
		r.at++
		return []byte("{}"), nil
	}
	for {
		if r.next() != '"' {
			return nil, r.syntax("a key in double quotes was expected")
		}
		key, err := r.text(field)
		if err != nil {
			return nil, err
		}
		if r.next() != ':' {
			return nil, r.syntax("a colon was expected")
		}
		r.at++
		path := join(field, key)
		value, err := r.value(path, depth+1)
		if err != nil {
			return nil, err
		}
		if _, twice := values[key]; twice {
			r.note(NoteDuplicateKey, path, "the key stands twice in one object; its last value was taken")
		} else {
			keys = append(keys, key)
		}
		values[key] = value
		switch r.next() {
		case ',':
			r.at++
		case '}':
			r.at++
			return writeObject(keys, values), nil
		default:
			return nil, r.syntax("a comma or } was expected")
		}
	}
}

func writeObject(keys []string, values map[string][]byte) []byte {
	out := []byte{'{'}
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(canonjson.AppendText(out, key), ':')
		out = append(out, values[key]...)
	}
	return append(out, '}')
}

// join names a member of a field.
func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// word reads a number or a literal, among them those that Python's json module writes and JSON does not know.
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
		r.note(NoteNotANumber, field, string(word)+" is no JSON; null was taken")
		return []byte("null"), nil
	}
	if _, err := canonjson.Parse(word); err == nil {
		return word, nil
	}
	if !json.Valid(word) {
		r.at = start
		return nil, r.syntax("a value was expected")
	}
	r.note(NoteLongNumber, field, fmt.Sprintf("the number has more than %d digits; a string of them was taken", canonjson.MaxNumberDigits))
	return canonjson.AppendText(nil, string(word)), nil
}
