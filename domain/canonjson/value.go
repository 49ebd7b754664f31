// Package canonjson implements the canonical JSON that AUREN stores and hashes: no white space, object keys in the
// order of their UTF-16 code units, strings escaped as in RFC 8785, and numbers written by the ECMAScript rule of that
// RFC from their exact decimal digits, never through floating point. Two texts have the same canonical form if and only
// if they are equal values, and a value read back from PostgreSQL's jsonb has the canonical form it was stored with.
//
// Parse and Adopt read a value from bytes, Object writes one. A Value cannot be made otherwise, so it need not be checked again.
package canonjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// Value is a JSON value in canonical form. The zero Value means that there is none, which is not null. A Value never
// changes.
type Value struct{ raw json.RawMessage }

// Parse reads one JSON value.
//
// It rejects what jsonb cannot return unchanged: text that is not JSON, a NUL character, a lone surrogate, a key that occurs
// twice in one object, nesting deeper than MaxDepth, and numbers of more than MaxNumberDigits. The error is a *domain.Error
// of kind Invalid whose Field is the path within the value.
func Parse(raw []byte) (Value, error) {
	out, err := parse(raw, make([]byte, 0, len(raw)))
	return Value{out}, err
}

// Adopt is Parse for a text that is most likely canonical already, such as what AUREN stored: then the Value is raw itself,
// which must not change any more. That takes three quarters of the time and no memory.
func Adopt(raw []byte) (Value, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	out, err := parse(raw, (*buffer)[:0])
	if err != nil {
		return Value{}, err
	}
	*buffer = out
	if bytes.Equal(out, raw) {
		return Value{raw}, nil
	}
	return Value{bytes.Clone(out)}, nil
}

// buffers are for what Adopt throws away.
var buffers = sync.Pool{New: func() any { return &[]byte{} }}

// MustParse is Parse for a constant; it panics if Parse returns an error.
func MustParse(raw string) Value {
	v, err := Parse([]byte(raw))
	if err != nil {
		panic("canonjson: " + err.Error())
	}
	return v
}

// Marshal returns v, encoded by encoding/json, in canonical form.
func Marshal(v any) (Value, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return Value{}, err
	}
	return Parse(raw)
}

// EmptyObject returns the value {}.
func EmptyObject() Value { return Value{json.RawMessage("{}")} }

// Null returns the value null.
func Null() Value { return Value{json.RawMessage("null")} }

// Text returns a JSON string. Bytes that are not UTF-8 become U+FFFD, as in encoding/json.
func Text(text string) Value { return Value{AppendText(nil, text)} }

// Raw returns the canonical text, nil for the zero Value. It must not be changed.
func (v Value) Raw() json.RawMessage { return v.raw }

// String returns the canonical text, "" for the zero Value.
func (v Value) String() string { return string(v.raw) }

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return v.raw == nil }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return string(v.raw) == "null" }

// IsObject reports whether the value is an object.
func (v Value) IsObject() bool { return len(v.raw) > 0 && v.raw[0] == '{' }

// Equal reports whether two values are equal, or both zero.
func (v Value) Equal(other Value) bool { return bytes.Equal(v.raw, other.raw) }

// MarshalJSON returns the canonical text, null for the zero Value.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.IsZero() {
		return []byte("null"), nil
	}
	return v.raw, nil
}

// UnmarshalJSON is Parse. A missing member stays zero; null becomes Null.
func (v *Value) UnmarshalJSON(raw []byte) (err error) {
	*v, err = Parse(raw)
	return err
}

// Scan is Parse for a column; null becomes the zero Value.
func (v *Value) Scan(source any) (err error) {
	*v = Value{}
	switch source := source.(type) {
	case nil:
	case []byte:
		*v, err = Parse(source)
	case string:
		*v, err = Parse([]byte(source))
	default:
		err = fmt.Errorf("scan %T into JSON", source)
	}
	return err
}
