package domain

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxJSONDepth is how deep arrays and objects may nest.
const MaxJSONDepth = 500

// CanonicalJSON returns the canonical form of one JSON value, the form that is stored and hashed:
// no white space, object keys ordered by their UTF-16 code units and strings escaped as in RFC 8785,
// and numbers written by the ECMAScript rule of that RFC from their exact decimal digits, never
// through floating point. Two texts have the same canonical form if and only if they are equal values,
// and a value read back from PostgreSQL's jsonb has the canonical form it was stored with.
//
// It refuses, with an Error of kind Invalid whose Field is the path within the value, whatever jsonb
// cannot return as it was given: text that is no JSON, a NUL character, a lone surrogate, a key that
// stands twice in one object, nesting deeper than MaxJSONDepth, and numbers beyond MaxNumberDigits.
func CanonicalJSON(raw []byte) ([]byte, error) {
	return AppendCanonicalJSON(make([]byte, 0, len(raw)), raw)
}

// AppendCanonicalJSON appends the CanonicalJSON of a value.
func AppendCanonicalJSON(out, raw []byte) ([]byte, error) {
	canonical, _, err := canonicalize(out, raw)
	return canonical, err
}

// BoundedJSON is CanonicalJSON for values that may take at most limit bytes, counted as written without
// white space and with every number in full, so that 1e300 counts 301.
func BoundedJSON(raw []byte, limit int) ([]byte, error) {
	canonical, size, err := canonicalize(make([]byte, 0, len(raw)), raw)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, Invalidf("", "takes %d bytes; at most %d are allowed", size, limit)
	}
	return canonical, nil
}

func canonicalize(out, raw []byte) (canonical []byte, size int, err error) {
	s := jsonScanner{in: raw}
	before := len(out)
	if out, err = s.value(out, 0); err != nil {
		return nil, 0, err
	}
	s.skipSpace()
	if s.at < len(raw) {
		return nil, 0, s.syntax("holds more after the end of the value")
	}
	return out, len(out) - before + s.unwritten, nil
}

// jsonScanner reads one JSON value (RFC 8259) and writes its canonical form as it goes.
type jsonScanner struct {
	in []byte
	at int
	// unwritten counts the digits that exponents stand for.
	unwritten int
}

func (s *jsonScanner) syntax(problem string) *Error {
	if s.at >= len(s.in) {
		problem = "ends too early"
	}
	return Invalidf("", "is no valid JSON: %s, at byte %d", problem, s.at)
}

func (s *jsonScanner) skipSpace() { s.at = skipJSONSpace(s.in, s.at) }

// next skips white space and returns the byte there without consuming it, 0 at the end.
func (s *jsonScanner) next() byte {
	s.skipSpace()
	if s.at >= len(s.in) {
		return 0
	}
	return s.in[s.at]
}

func (s *jsonScanner) value(out []byte, depth int) ([]byte, error) {
	if depth > MaxJSONDepth {
		return nil, Invalidf("", "nests deeper than %d levels", MaxJSONDepth)
	}
	switch c := s.next(); {
	case c == '{':
		return s.object(out, depth)
	case c == '[':
		return s.array(out, depth)
	case c == '"':
		return s.string(out)
	case c == '-' || c >= '0' && c <= '9':
		return s.number(out)
	default:
		return s.literal(out)
	}
}

func (s *jsonScanner) literal(out []byte) ([]byte, error) {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.in[s.at:], []byte(word)) {
			s.at += len(word)
			return append(out, word...), nil
		}
	}
	return nil, s.syntax("a value was expected")
}

func (s *jsonScanner) array(out []byte, depth int) ([]byte, error) {
	s.at++
	out = append(out, '[')
	if s.next() == ']' {
		s.at++
		return append(out, ']'), nil
	}
	for i := 0; ; i++ {
		var err error
		if out, err = s.value(out, depth+1); err != nil {
			return nil, Within("["+strconv.Itoa(i)+"]", err)
		}
		switch s.next() {
		case ',':
			s.at++
			out = append(out, ',')
		case ']':
			s.at++
			return append(out, ']'), nil
		default:
			return nil, s.syntax("a comma or ] was expected")
		}
	}
}

// member is one name and value of an object: where its canonical text stands in the output.
type member struct {
	key        string
	start, end int
}

func (s *jsonScanner) object(out []byte, depth int) ([]byte, error) {
	s.at++
	out = append(out, '{')
	if s.next() == '}' {
		s.at++
		return append(out, '}'), nil
	}
	first := len(out)
	var members []member
	for {
		if s.next() != '"' {
			return nil, s.syntax("a key in double quotes was expected")
		}
		key, err := s.text()
		if err != nil {
			return nil, err
		}
		if s.next() != ':' {
			return nil, s.syntax("a colon was expected")
		}
		s.at++
		if len(members) > 0 {
			out = append(out, ',')
		}
		start := len(out)
		out = append(AppendJSONString(out, key), ':')
		if out, err = s.value(out, depth+1); err != nil {
			return nil, Within(key, err)
		}
		members = append(members, member{key, start, len(out)})
		switch s.next() {
		case ',':
			s.at++
		case '}':
			s.at++
			return orderMembers(out, first, members)
		default:
			return nil, s.syntax("a comma or } was expected")
		}
	}
}

// orderMembers rewrites out[first:], the members of one object, in canonical order.
func orderMembers(out []byte, first int, members []member) ([]byte, error) {
	byKey := func(a, b member) int { return compareUTF16(a.key, b.key) }
	ordered := slices.IsSortedFunc(members, byKey)
	if !ordered {
		slices.SortStableFunc(members, byKey)
	}
	for i := 1; i < len(members); i++ {
		if members[i].key == members[i-1].key {
			return nil, Invalidf(members[i].key, "stands twice in one object")
		}
	}
	if ordered {
		return append(out, '}'), nil
	}
	unordered := bytes.Clone(out[first:])
	out = out[:first]
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, unordered[m.start-first:m.end-first]...)
	}
	return append(out, '}'), nil
}

// compareUTF16 orders strings by their UTF-16 code units (RFC 8785, section 3.2.3), which differs from
// the order of their bytes where a character beyond U+FFFF meets one from U+E000 on.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y {
			if lx, ly := leadUnit(x), leadUnit(y); lx != ly {
				return int(lx - ly)
			}
			return int(x - y)
		}
		a, b = a[n:], b[m:]
	}
	return len(a) - len(b)
}

// leadUnit is the first UTF-16 code unit of a character.
func leadUnit(r rune) rune {
	if r > 0xffff {
		return 0xd800 + (r-0x10000)>>10
	}
	return r
}
