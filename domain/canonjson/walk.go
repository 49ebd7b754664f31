package canonjson

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/auren-memory/auren/domain"
)

// Each calls do for each member of an object, in canonical order, until do returns an error, which it returns with the
// member's name. For a value that is not an object it returns an error of kind Invalid.
func (v Value) Each(do func(name string, value Value) error) error {
	if !v.IsObject() {
		return domain.Invalidf("", "must be a JSON object")
	}
	for at := 1; v.raw[at] != '}'; {
		if v.raw[at] == ',' {
			at++
		}
		colon := skipString(v.raw, at)
		name := textOf(v.raw[at:colon])
		start := colon + 1
		at = skipValue(v.raw, start)
		if err := do(name, Value{v.raw[start:at:at]}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Items calls do for each item of an array, in order, until do returns an error, which it returns. Any other value has no
// items.
func (v Value) Items(do func(i int, value Value) error) error {
	if len(v.raw) == 0 || v.raw[0] != '[' {
		return nil
	}
	for at, i := 1, 0; v.raw[at] != ']'; i++ {
		if v.raw[at] == ',' {
			at++
		}
		start := at
		at = skipValue(v.raw, start)
		if err := do(i, Value{v.raw[start:at:at]}); err != nil {
			return err
		}
	}
	return nil
}

// Member returns a member of an object; zero if there is none of that name or the value is not an object.
func (v Value) Member(name string) (member Value) {
	if v.IsObject() {
		_ = v.Each(func(key string, value Value) error {
			if key == name {
				member = value
			}
			return nil
		})
	}
	return member
}

// With returns the object with a member added or replaced. The zero Value counts as an empty object; With panics for a
// value that is not an object.
func (v Value) With(key string, member Value) Value {
	o := NewObject(make([]byte, 0, len(v.raw)+len(key)+len(member.raw)+8))
	if v.IsZero() {
		return o.Value(key, member).Done()
	}
	set := false
	err := v.Each(func(name string, value Value) error {
		if order := compareUTF16(name, key); order >= 0 && !set {
			o.Value(key, member)
			set = true
			if order == 0 {
				return nil
			}
		}
		o.Value(name, value)
		return nil
	})
	if err != nil {
		panic("canonjson: With on a value that is not an object")
	}
	if !set {
		o.Value(key, member)
	}
	return o.Done()
}

// Text returns the value of a JSON string; ok is false for any other value.
func (v Value) Text() (text string, ok bool) {
	if len(v.raw) == 0 || v.raw[0] != '"' {
		return "", false
	}
	return textOf(v.raw), true
}

// Leaf is a kind of text in a value.
type Leaf uint8

// The kinds of Leaves.
const (
	StringLeaf Leaf = iota
	NumberLeaf
	BoolLeaf
	KeyLeaf
)

// Leaves calls do with each key, string, number and boolean of a value, in order and at any depth.
func (v Value) Leaves(do func(text string, leaf Leaf)) {
	for at := 0; at < len(v.raw); {
		start := at
		switch c := v.raw[at]; {
		case c == '"':
			at = skipString(v.raw, at)
			leaf := StringLeaf
			if at < len(v.raw) && v.raw[at] == ':' {
				leaf = KeyLeaf
			}
			do(textOf(v.raw[start:at]), leaf)
		case isNumberStart(c):
			at = skipValue(v.raw, at)
			do(string(v.raw[start:at]), NumberLeaf)
		case c == 't', c == 'f':
			at = skipValue(v.raw, at)
			do(string(v.raw[start:at]), BoolLeaf)
		case c == 'n':
			at = skipValue(v.raw, at)
		default: // punctuation
			at++
		}
	}
}

// scalars calls do with the canonical text of each string and each number, but not with keys.
func (v Value) scalars(do func(raw []byte)) {
	for at := 0; at < len(v.raw); {
		start := at
		switch c := v.raw[at]; {
		case c == '"':
			if at = skipString(v.raw, at); at < len(v.raw) && v.raw[at] == ':' {
				continue
			}
		case isNumberStart(c):
			at = skipValue(v.raw, at)
		default: // punctuation, or a letter of true, false and null
			at++
			continue
		}
		do(v.raw[start:at])
	}
}

// CheckSize returns an error of kind Invalid if the value takes more than limit bytes with every number written in full,
// as jsonb keeps them: 1e300 counts 301.
func (v Value) CheckSize(limit int) error {
	size := len(v.raw)
	v.scalars(func(raw []byte) {
		if raw[0] != '"' {
			size += unwritten(raw)
		}
	})
	if size > limit {
		return domain.Invalidf("", "must be at most %d bytes, got %d", limit, size)
	}
	return nil
}

// unwritten returns how much longer a canonical number is without its exponent.
func unwritten(number []byte) int {
	mantissa, exponent, ok := bytes.Cut(number, []byte("e"))
	if !ok {
		return 0
	}
	power, _ := strconv.Atoi(string(exponent)) // Parse bounded it
	digits := len(mantissa) - bytes.Count(mantissa, []byte("-")) - bytes.Count(mantissa, []byte("."))
	full := max(digits, power+1)
	if power < 0 {
		full = digits - power + len(".")
	}
	return full - len(bytes.TrimPrefix(number, []byte("-")))
}

// textOf returns the value of a canonical string.
func textOf(quoted []byte) string {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	s := scanner{in: quoted}
	text, _ := s.text() // Parse has read it before
	return string(text)
}

// skipString returns the end of the string that starts at at.
func skipString(in []byte, at int) int {
	for at++; ; at++ {
		text := in[at : at+bytes.IndexByte(in[at:], '"')]
		at += len(text)
		// An odd number of backslashes escapes the quotation mark.
		if (len(text)-len(bytes.TrimRight(text, `\`)))%2 == 0 {
			return at + 1
		}
	}
}

// skipValue returns the end of the canonical value that starts at at.
func skipValue(in []byte, at int) int {
	for depth := 0; at < len(in); at++ {
		switch in[at] {
		case '"':
			at = skipString(in, at) - 1
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return at
			}
			if in[at] != ',' {
				depth--
			}
		}
	}
	return at
}
