package canonjson

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/auren-memory/auren/domain"
)

// MaxDepth is the maximum depth of nested arrays and objects.
const MaxDepth = 500

// scanner reads one JSON value (RFC 8259) and writes its canonical form as it goes.
type scanner struct {
	in []byte
	at int
}

func (s *scanner) syntax(problem string) *domain.Error {
	if s.at >= len(s.in) {
		problem = "it ends too early"
	}
	return domain.Invalidf("", "must be valid JSON: %s at byte %d", problem, s.at)
}

func (s *scanner) skipSpace() {
	for s.at < len(s.in) && (s.in[s.at] == ' ' || s.in[s.at] == '\n' || s.in[s.at] == '\t' || s.in[s.at] == '\r') {
		s.at++
	}
}

// next skips white space and returns the byte there without consuming it, 0 at the end.
func (s *scanner) next() byte {
	s.skipSpace()
	if s.at >= len(s.in) {
		return 0
	}
	return s.in[s.at]
}

func (s *scanner) take(c byte) bool {
	if s.at < len(s.in) && s.in[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() []byte {
	start := s.at
	for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
		s.at++
	}
	return s.in[start:s.at]
}

// parse appends the canonical form of raw to out.
func parse(raw, out []byte) ([]byte, error) {
	s := scanner{in: raw}
	out, err := s.value(out, 0)
	if err != nil {
		return nil, err
	}
	if s.skipSpace(); s.at < len(raw) {
		return nil, s.syntax("nothing may follow the value")
	}
	return out, nil
}

func (s *scanner) value(out []byte, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, domain.Invalidf("", "must nest at most %d levels deep", MaxDepth)
	}
	switch c := s.next(); {
	case c == '{':
		return s.object(out, depth)
	case c == '[':
		return s.array(out, depth)
	case c == '"':
		return s.string(out)
	case isNumberStart(c):
		return s.number(out)
	default:
		return s.literal(out)
	}
}

func (s *scanner) literal(out []byte) ([]byte, error) {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.in[s.at:], []byte(word)) {
			s.at += len(word)
			return append(out, word...), nil
		}
	}
	return nil, s.syntax("expected a value")
}

func (s *scanner) array(out []byte, depth int) ([]byte, error) {
	s.at++
	out = append(out, '[')
	if s.next() == ']' {
		s.at++
		return append(out, ']'), nil
	}
	for i := 0; ; i++ {
		var err error
		if out, err = s.value(out, depth+1); err != nil {
			return nil, domain.WithField("["+strconv.Itoa(i)+"]", err)
		}
		switch s.next() {
		case ',':
			s.at++
			out = append(out, ',')
		case ']':
			s.at++
			return append(out, ']'), nil
		default:
			return nil, s.syntax("expected a comma or ]")
		}
	}
}

// member locates the canonical text of one member of an object in the output.
type member struct {
	key        []byte
	start, end int
}

func (s *scanner) object(out []byte, depth int) ([]byte, error) {
	s.at++
	out = append(out, '{')
	if s.next() == '}' {
		s.at++
		return append(out, '}'), nil
	}
	first := len(out)
	members := make([]member, 0, 8)
	for {
		if s.next() != '"' {
			return nil, s.syntax("expected a key in double quotes")
		}
		key, err := s.text()
		if err != nil {
			return nil, err
		}
		if s.next() != ':' {
			return nil, s.syntax("expected a colon")
		}
		s.at++
		if len(members) > 0 {
			out = append(out, ',')
		}
		start := len(out)
		out = append(appendQuoted(out, key), ':')
		if out, err = s.value(out, depth+1); err != nil {
			return nil, domain.WithField(string(key), err)
		}
		members = append(members, member{key, start, len(out)})
		switch s.next() {
		case ',':
			s.at++
		case '}':
			s.at++
			return orderMembers(out, first, members)
		default:
			return nil, s.syntax("expected a comma or }")
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
		if bytes.Equal(members[i].key, members[i-1].key) {
			return nil, domain.Invalidf(string(members[i].key), "must not occur twice in one object")
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
