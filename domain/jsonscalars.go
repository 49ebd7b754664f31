package domain

// JSONScalars calls do, in order, with what each string of a JSON value stands for and with each number as it is
// written, however deep they are nested. Keys are not among them. The errors are those of CanonicalJSON, except that a
// key may stand twice; what was found before an error has been told.
func JSONScalars(raw []byte, do func(text string, isNumber bool)) error {
	s := jsonScanner{in: raw}
	if err := s.scalars(do, 0); err != nil {
		return err
	}
	s.skipSpace()
	if s.at < len(raw) {
		return s.syntax("holds more after the end of the value")
	}
	return nil
}

func (s *jsonScanner) scalars(do func(text string, isNumber bool), depth int) error {
	if depth > MaxJSONDepth {
		return Invalidf("", "nests deeper than %d levels", MaxJSONDepth)
	}
	switch c := s.next(); {
	case c == '{':
		return s.scalarsWithin('}', do, depth)
	case c == '[':
		return s.scalarsWithin(']', do, depth)
	case c == '"':
		text, err := s.text()
		if err == nil {
			do(text, false)
		}
		return err
	case c == '-' || c >= '0' && c <= '9':
		start := s.at
		_, err := s.number(nil)
		if err == nil {
			do(string(s.in[start:s.at]), true)
		}
		return err
	default:
		_, err := s.literal(nil)
		return err
	}
}

// scalarsWithin goes through an array or object, which ends at closing.
func (s *jsonScanner) scalarsWithin(closing byte, do func(text string, isNumber bool), depth int) error {
	s.at++
	if s.next() == closing {
		s.at++
		return nil
	}
	for {
		if closing == '}' {
			if s.next() != '"' {
				return s.syntax("a key in double quotes was expected")
			}
			if _, err := s.text(); err != nil {
				return err
			}
			if s.next() != ':' {
				return s.syntax("a colon was expected")
			}
			s.at++
		}
		if err := s.scalars(do, depth+1); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case closing:
			s.at++
			return nil
		default:
			return s.syntax("a comma or the end was expected")
		}
	}
}
