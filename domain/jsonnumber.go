package domain

import (
	"bytes"
	"strconv"
)

// MaxNumberDigits is how many digits a number may have when it is written in full, without an exponent:
// more than any 64-bit float needs, and far less than PostgreSQL's numeric holds.
const MaxNumberDigits = 1100

// number reads one number and writes it from its exact digits by the rule of ECMAScript's
// Number::toString (ECMA-262, section 6.1.6.1.20), which RFC 8785 prescribes.
func (s *jsonScanner) number(out []byte) ([]byte, error) {
	start := s.at
	negative := s.take('-')
	whole := s.digits()
	if len(whole) == 0 {
		return nil, s.syntax("a digit was expected")
	}
	if len(whole) > 1 && whole[0] == '0' {
		s.at = start
		return nil, s.syntax("a number starts with a zero too many")
	}
	var fraction []byte
	if s.take('.') {
		if fraction = s.digits(); len(fraction) == 0 {
			return nil, s.syntax("digits were expected after the decimal point")
		}
	}
	exponent := 0
	if s.take('e') || s.take('E') {
		minus := s.take('-')
		if !minus {
			s.take('+')
		}
		digits := s.digits()
		if len(digits) == 0 {
			return nil, s.syntax("digits were expected after the exponent sign")
		}
		var err error
		if exponent, err = strconv.Atoi(string(digits)); err != nil {
			exponent = 1 << 30
		}
		if minus {
			exponent = -exponent
		}
	}

	// The value is 0.DIGITS times ten to the power of point.
	digits := append(append(make([]byte, 0, s.at-start), whole...), fraction...)
	point := len(whole) + exponent
	written := max(len(digits), point, len(digits)-point)
	stripped := bytes.TrimLeft(digits, "0")
	point -= len(digits) - len(stripped)
	stripped = bytes.TrimRight(stripped, "0")
	if len(stripped) == 0 && exponent == 0 {
		written = len(digits)
	}
	if written > MaxNumberDigits {
		return nil, Invalidf("", "holds a number of more than %d digits", MaxNumberDigits)
	}
	if len(stripped) == 0 {
		return append(out, '0'), nil
	}
	if negative {
		out = append(out, '-')
	}
	before := len(out)
	out = appendDecimal(out, stripped, point)
	s.unwritten += max(0, written-(len(out)-before))
	return out, nil
}

func appendDecimal(out, digits []byte, point int) []byte {
	switch k := len(digits); {
	case k <= point && point <= 21:
		out = append(out, digits...)
		return append(out, bytes.Repeat([]byte{'0'}, point-k)...)
	case 0 < point && point <= 21:
		out = append(append(out, digits[:point]...), '.')
		return append(out, digits[point:]...)
	case -6 < point && point <= 0:
		out = append(append(out, "0."...), bytes.Repeat([]byte{'0'}, -point)...)
		return append(out, digits...)
	default:
		out = append(out, digits[0])
		if k > 1 {
			out = append(append(out, '.'), digits[1:]...)
		}
		out = append(out, 'e')
		if point > 0 {
			out = append(out, '+')
		}
		return strconv.AppendInt(out, int64(point-1), 10)
	}
}

func (s *jsonScanner) take(c byte) bool {
	if s.at < len(s.in) && s.in[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *jsonScanner) digits() []byte {
	start := s.at
	for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
		s.at++
	}
	return s.in[start:s.at]
}
