package canonjson

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Adopt is Parse for a text that is most likely canonical already, such as what AUREN stored: then the Value is raw itself, which
// must not change any more. Not to write it once more saves half of the time and the memory.
func Adopt(raw []byte) (Value, error) {
	s := scanner{in: raw}
	if utf8.Valid(raw) && s.canonical(0) && s.at == len(raw) {
		return Value{raw}, nil
	}
	return Parse(raw)
}

// canonical reads one value and tells whether it is in canonical form. It is false for the rarer forms, too.
func (s *scanner) canonical(depth int) bool {
	if depth > MaxDepth || s.at >= len(s.in) {
		return false
	}
	switch c := s.in[s.at]; {
	case c == '{':
		return s.canonicalObject(depth)
	case c == '[':
		return s.canonicalArray(depth)
	case c == '"':
		return s.canonicalString()
	case isNumberStart(c):
		var written [32]byte
		start := s.at
		number, err := s.number(written[:0])
		return err == nil && bytes.Equal(number, s.in[start:s.at])
	default:
		return s.word() != ""
	}
}

func (s *scanner) canonicalArray(depth int) bool {
	s.at++
	if s.take(']') {
		return true
	}
	for s.canonical(depth + 1) {
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
	return false
}

func (s *scanner) canonicalObject(depth int) bool {
	s.at++
	if s.take('}') {
		return true
	}
	var last []byte // with its quotation marks
	for s.at < len(s.in) && s.in[s.at] == '"' {
		start := s.at
		if !s.canonicalString() {
			return false
		}
		key := s.in[start:s.at]
		// Escapes are ordered by what they stand for.
		if bytes.IndexByte(key, '\\') >= 0 || last != nil && compareUTF16(last[:len(last)-1], key[:len(key)-1]) >= 0 {
			return false
		}
		last = key
		if !s.take(':') || !s.canonical(depth+1) {
			return false
		}
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
	return false
}

func (s *scanner) canonicalString() bool {
	for s.at++; ; {
		s.at = plainText(s.in, s.at)
		if s.take('"') {
			return true
		}
		if s.at+1 >= len(s.in) || s.in[s.at] != '\\' || strings.IndexByte(`"\bfnrt`, s.in[s.at+1]) < 0 {
			return false
		}
		s.at += 2
	}
}
