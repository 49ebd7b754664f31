package canonjson

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/auren-memory/auren/domain"
)

// MaxNumberDigits is the maximum number of digits of a number written without an exponent: more than any 64-bit float
// needs, and far less than PostgreSQL's numeric holds.
const MaxNumberDigits = 1100

// number reads one number and writes it from its exact digits by the rule of ECMAScript's
// Number::toString (ECMA-262, section 6.1.6.1.20), which RFC 8785 prescribes.
func (s *scanner) number(out []byte) ([]byte, error) {
	n, err := s.decimal()
	if err != nil {
		return nil, err
	}
	point := n.whole + n.exponent
	written := max(len(n.digits), point, len(n.digits)-point)
	stripped := bytes.TrimLeft(n.digits, "0")
	point -= len(n.digits) - len(stripped)
	stripped = bytes.TrimRight(stripped, "0")
	if len(stripped) == 0 && n.exponent == 0 {
		written = len(n.digits)
	}
	if written > MaxNumberDigits {
		return nil, domain.Invalidf("", "must hold numbers of at most %d digits", MaxNumberDigits)
	}
	if len(stripped) == 0 {
		return append(out, '0'), nil
	}
	if n.negative {
		out = append(out, '-')
	}
	return appendDecimal(out, stripped, point), nil
}

// decimal is a number as written: its digits, with the decimal point after the first whole ones, times ten to the power of
// exponent.
type decimal struct {
	negative bool
	digits   []byte
	whole    int
	exponent int
}

func (s *scanner) decimal() (n decimal, err error) {
	start := s.at
	n.negative = s.take('-')
	whole := s.digits()
	if len(whole) == 0 {
		return n, s.syntax("expected a digit")
	}
	if len(whole) > 1 && whole[0] == '0' {
		s.at = start
		return n, s.syntax("a number must not start with a zero")
	}
	n.digits, n.whole = whole, len(whole)
	if s.take('.') {
		fraction := s.digits()
		if len(fraction) == 0 {
			return n, s.syntax("expected digits after the decimal point")
		}
		n.digits = slices.Concat(whole, fraction)
	}
	if s.take('e') || s.take('E') {
		n.exponent, err = s.exponent()
	}
	return n, err
}

func (s *scanner) exponent() (int, error) {
	minus := s.take('-')
	if !minus {
		s.take('+')
	}
	digits := s.digits()
	if len(digits) == 0 {
		return 0, s.syntax("expected digits after the exponent sign")
	}
	exponent, err := strconv.Atoi(string(digits))
	if err != nil {
		exponent = 1 << 30 // beyond every limit
	}
	if minus {
		exponent = -exponent
	}
	return exponent, nil
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

func isNumberStart(c byte) bool { return c == '-' || c >= '0' && c <= '9' }
