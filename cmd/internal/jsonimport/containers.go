package jsonimport

import "fmt"

const maxKeyBytes = 64 << 10

// list visits the elements of the array that starts at the next byte; visit must consume one value. A } ends the array
// too if the array is inside an object.
func (t *tokenizer) list(withinObject bool, visit func(index int) error) error {
	t.at++
	comma := true
	for i := 0; ; {
		switch t.next() {
		case -1:
			return t.ended()
		case ']':
			if comma && i > 0 {
				t.fault(t.offset(), "unexpected comma before ]")
			}
			t.at++
			return nil
		case '}':
			t.fault(t.offset(), "unexpected }, expected a record or ]")
			if withinObject {
				return nil
			}
			t.at++
		case ',':
			if comma {
				t.fault(t.offset(), "unexpected comma, expected a record")
			}
			t.at++
			comma = true
		default:
			if !comma {
				t.fault(t.offset(), "missing comma between two records")
			}
			if err := visit(i); err != nil {
				return err
			}
			i++
			comma = false
		}
	}
}

// object visits the members of the object that starts at the next byte; visit must consume one value.
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
			return t.broken("expected a key in double quotes")
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
		return t.broken("expected a colon")
	}
	switch t.next() {
	case -1:
		return t.ended()
	case ',', '}':
		t.fault(t.offset(), "a key has no value")
		return nil
	case ']':
		return t.broken("expected a value")
	}
	return visit(keyText(key.raw))
}

// skip consumes a value without keeping it.
func (t *tokenizer) skip() error {
	if t.value(0).open {
		return t.ended()
	}
	return nil
}

func (t *tokenizer) broken(problem string) error {
	return fmt.Errorf("%w at byte %d: %s", errBroken, t.offset(), problem)
}
