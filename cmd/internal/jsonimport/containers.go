package jsonimport

import "fmt"

const maxKeyBytes = 64 << 10

// list visits the elements of the array that starts at the next byte; visit must take one value. An array that an
// object's end cuts short ends there if it stands within an object.
func (t *tokenizer) list(withinObject bool, visit func(index int) error) error {
	t.at++
	comma := true
	for i := 0; ; {
		switch t.next() {
		case -1:
			return t.ended()
		case ']':
			if comma && i > 0 {
				t.fault(t.offset(), "a comma stands before ]")
			}
			t.at++
			return nil
		case '}':
			t.fault(t.offset(), "a } stands where a record or ] was expected")
			if withinObject {
				return nil
			}
			t.at++
		case ',':
			if comma {
				t.fault(t.offset(), "a comma stands where a record was expected")
			}
			t.at++
			comma = true
		default:
			if !comma {
				t.fault(t.offset(), "a comma is missing between two records")
			}
			if err := visit(i); err != nil {
				return err
			}
			i++
			comma = false
		}
	}
}

// object visits the members of the object that starts at the next byte; visit must take one value.
func (t *tokenizer) object(visit func(key string) error) error {
	t.at++
	for {
		switch t.next() {
		case -1:
			return t.ended()
		case '}':
			t.at++
			return nil
		case ',':
			t.at++
		case '"':
			if err := t.member(visit); err != nil {
				return err
			}
		default:
			return t.broken("a key in double quotes was expected")
		}
	}
}

func (t *tokenizer) member(visit func(key string) error) error {
	key := t.value(maxKeyBytes)
	if key.open {
		return t.ended()
	}
	switch t.next() {
	case -1:
		return t.ended()
	case ':':
		t.at++
	default:
		return t.broken("a colon was expected")
	}
	switch t.next() {
	case -1:
		return t.ended()
	case ',', '}':
		t.fault(t.offset(), "a key stands without a value")
		return nil
	case ']':
		return t.broken("a value was expected")
	}
	return visit(keyText(key.raw))
}

// skip takes a value and keeps nothing of it.
func (t *tokenizer) skip() error {
	if t.value(0).open {
		return t.ended()
	}
	return nil
}

func (t *tokenizer) broken(problem string) error {
	return fmt.Errorf("%w at byte %d: %s", errBroken, t.offset(), problem)
}
