package canonjson

import (
	"math"
	"strconv"
	"time"
)

// Object writes a JSON object. Its members must be written in canonical order, each once; otherwise it panics, since the
// caller has a bug.
type Object struct {
	out  []byte
	last string
}

// NewObject begins an object, which is written to buffer from its start.
func NewObject(buffer []byte) *Object { return &Object{out: append(buffer[:0], '{')} }

// Done ends the object and returns it.
func (o *Object) Done() Value { return Value{append(o.out, '}')} }

func (o *Object) key(key string) {
	if len(o.out) > 1 {
		if compareUTF16(o.last, key) >= 0 {
			panic("canonjson: member " + key + " written after " + o.last)
		}
		o.out = append(o.out, ',')
	}
	o.last = key
	o.out = append(AppendText(o.out, key), ':')
}

// Value adds a member, null for the zero Value.
func (o *Object) Value(key string, v Value) *Object {
	o.key(key)
	o.out = appendValue(o.out, v)
	return o
}

// Text adds a string.
func (o *Object) Text(key, text string) *Object {
	o.key(key)
	o.out = AppendText(o.out, text)
	return o
}

// TextIfAny adds a string unless it is empty.
func (o *Object) TextIfAny(key, text string) *Object {
	if text == "" {
		return o
	}
	return o.Text(key, text)
}

// Bool adds true or false.
func (o *Object) Bool(key string, b bool) *Object {
	o.key(key)
	o.out = strconv.AppendBool(o.out, b)
	return o
}

// Int adds a whole number.
func (o *Object) Int(key string, n int64) *Object {
	o.key(key)
	o.out = strconv.AppendInt(o.out, n, 10)
	return o
}

// Float adds a number; NaN and the infinities, which JSON does not have, become null.
func (o *Object) Float(key string, f float64) *Object {
	o.key(key)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		o.out = append(o.out, "null"...)
		return o
	}
	var digits [32]byte
	s := scanner{in: strconv.AppendFloat(digits[:0], f, 'g', -1, 64)}
	o.out, _ = s.number(o.out) // strconv writes valid JSON numbers
	return o
}

// Time adds a time in UTC to the microsecond, with all six decimals; nil is null.
func (o *Object) Time(key string, t *time.Time) *Object {
	o.key(key)
	if t == nil {
		o.out = append(o.out, "null"...)
		return o
	}
	o.out = t.UTC().AppendFormat(o.out, `"2006-01-02T15:04:05.000000Z"`)
	return o
}

// List returns a JSON array; a zero Value in it is null.
func List(values ...Value) Value {
	out := []byte{'['}
	for i, v := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendValue(out, v)
	}
	return Value{append(out, ']')}
}

func appendValue(out []byte, v Value) []byte {
	if v.IsZero() {
		return append(out, "null"...)
	}
	return append(out, v.raw...)
}
