package decode

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// A valueDecoder reads JSON into one Go type.
type valueDecoder struct {
	// expects says what a value must be, as in "a number".
	expects string
	// firstBytes are those that a value of this kind may begin with.
	firstBytes string
	// set assigns a value that begins with one of firstBytes.
	set func(v reflect.Value, value canonjson.Value) error
}

const (
	aList         = "a list"
	firstOfNumber = "-0123456789"
	firstOfAny    = firstOfNumber + `"{[tfn`
)

// leafDecoder is the decoder of a type without parts; nil if it has some.
func leafDecoder(t reflect.Type) *valueDecoder {
	switch t {
	case reflect.TypeFor[canonjson.Value]():
		return &valueDecoder{"any JSON value", firstOfAny, func(v reflect.Value, value canonjson.Value) error {
			v.Set(reflect.ValueOf(value))
			return nil
		}}
	case reflect.TypeFor[json.RawMessage]():
		return &valueDecoder{"any JSON value", firstOfAny, func(v reflect.Value, value canonjson.Value) error {
			v.SetBytes(value.Raw())
			return nil
		}}
	case reflect.TypeFor[time.Time]():
		return &valueDecoder{"an RFC 3339 time, e.g. 2026-01-31T15:04:05Z", `"`, setTime}
	case reflect.TypeFor[domain.NullableTime]():
		return &valueDecoder{"an RFC 3339 time, e.g. 2026-01-31T15:04:05Z, or null", `"n`, setNullableTime}
	case reflect.TypeFor[uuid.UUID]():
		return &valueDecoder{"a UUID, e.g. 0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f", `"`, setUUID}
	}
	switch t.Kind() {
	case reflect.String:
		return &valueDecoder{"a string", `"`, func(v reflect.Value, value canonjson.Value) error {
			v.SetString(text(value))
			return nil
		}}
	case reflect.Bool:
		return &valueDecoder{"true or false", "tf", func(v reflect.Value, value canonjson.Value) error {
			v.SetBool(value.Raw()[0] == 't')
			return nil
		}}
	case reflect.Float64:
		return &valueDecoder{"a number", firstOfNumber, setFloat}
	case reflect.Int, reflect.Int64:
		return &valueDecoder{"a whole number", firstOfNumber, setInt}
	}
	return nil
}

// takesNull tells whether a type has a value for null.
func takesNull(t reflect.Type) bool {
	return t == reflect.TypeFor[canonjson.Value]() || t == reflect.TypeFor[json.RawMessage]() || t == reflect.TypeFor[domain.NullableTime]()
}

func text(value canonjson.Value) string {
	t, _ := value.Text() // firstBytes says that it is one
	return t
}

// decode assigns a value.
func (d *valueDecoder) decode(v reflect.Value, value canonjson.Value) error {
	if strings.IndexByte(d.firstBytes, value.Raw()[0]) < 0 {
		return domain.Invalidf("", "must be %s, got %s", d.expects, kindOfJSON(value))
	}
	return d.set(v, value)
}

func setTime(v reflect.Value, value canonjson.Value) error {
	t, err := domain.ParseTime(text(value))
	if err != nil {
		return domain.Invalidf("", "must be an RFC 3339 time, e.g. 2026-01-31T15:04:05Z")
	}
	v.Set(reflect.ValueOf(t.UTC())) // one moment is one command, whatever the zone it was written in
	return nil
}

func setNullableTime(v reflect.Value, value canonjson.Value) error {
	if value.IsNull() {
		v.Set(reflect.ValueOf(domain.SetTime(nil)))
		return nil
	}
	var t time.Time
	err := setTime(reflect.ValueOf(&t).Elem(), value)
	v.Set(reflect.ValueOf(domain.SetTime(&t)))
	return err
}

// setUUID takes the usual form with its four hyphens only.
func setUUID(v reflect.Value, value canonjson.Value) error {
	given := text(value)
	id, err := uuid.Parse(given)
	if err != nil || len(given) != 36 {
		return domain.Invalidf("", "must be a UUID, e.g. 0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f")
	}
	v.Set(reflect.ValueOf(id))
	return nil
}

func setFloat(v reflect.Value, value canonjson.Value) error {
	n, err := strconv.ParseFloat(value.String(), 64)
	if err != nil {
		return domain.Invalidf("", "must be a number that 64 bits can hold")
	}
	v.SetFloat(n)
	return nil
}

func setInt(v reflect.Value, value canonjson.Value) error {
	n, err := strconv.ParseInt(value.String(), 10, 64)
	if err != nil {
		return domain.Invalidf("", "must be a whole number of at most 64 bits")
	}
	v.SetInt(n)
	return nil
}

func kindOfJSON(value canonjson.Value) string {
	switch value.Raw()[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return value.String()
	case 'n':
		return "null"
	default:
		return "a number"
	}
}
