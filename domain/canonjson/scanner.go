package canonjson

import "github.com/auren-memory/auren/domain"

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
