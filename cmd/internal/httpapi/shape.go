package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// A shape reads JSON into one Go type, strictly: an error names the field as the caller wrote it. It is made once, at
// the start, from the same struct tags that the OpenAPI document is made from, so the two cannot disagree:
//
//   - a name is matched to the letter, an unknown one is refused,
//   - a field without omitempty must be there,
//   - null stands for a field that is left out, but for a pointer without omitempty, whose null is a value, and for
//     json.RawMessage, which takes any value unless its tag nullable is false,
//   - an integer keeps its tags minimum and maximum,
//   - a text or a list that may be left out is not empty where its tag minLength or minItems says so: an empty filter
//     would be taken for none; all other bounds are the domain's.
//
// What it reads must be canonical (domain/canonjson), and was therefore checked to be JSON.
type shape struct {
	// expects says what is allowed, as in "a number".
	expects string
	// starts are the first bytes that a value of this kind may have.
	starts string
	// set assigns a value that starts rightly.
	set func(v reflect.Value, raw []byte) error
	// fields of a struct, by name.
	fields map[string]field
	// names of the fields, in their order.
	names []string
}

type field struct {
	shape    *shape
	index    []int
	required bool
	nullable bool
	min, max int64
	// holds says what it has to hold if it is given, as in "1 to 100 characters"; "" where it may be empty.
	holds string
}

const (
	numberStarts = "-0123456789"
	anyStart     = numberStarts + `"{[tfn`
)

func shapeOf(t reflect.Type) *shape {
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return &shape{expects: "any JSON value", starts: anyStart, set: func(v reflect.Value, raw []byte) error {
			v.SetBytes(raw)
			return nil
		}}
	case reflect.TypeFor[time.Time]():
		return &shape{expects: "a time such as 2026-01-31T15:04:05Z", starts: `"`, set: setTime}
	case reflect.TypeFor[uuid.UUID]():
		return &shape{expects: "a UUID such as 0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f", starts: `"`, set: setUUID}
	}
	switch t.Kind() {
	case reflect.String:
		return &shape{expects: "a string", starts: `"`, set: func(v reflect.Value, raw []byte) error {
			v.SetString(textOf(raw))
			return nil
		}}
	case reflect.Bool:
		return &shape{expects: "true or false", starts: "tf", set: func(v reflect.Value, raw []byte) error {
			v.SetBool(raw[0] == 't')
			return nil
		}}
	case reflect.Float64:
		return &shape{expects: "a number", starts: numberStarts, set: setFloat}
	case reflect.Int, reflect.Int64:
		return &shape{expects: "a whole number", starts: numberStarts, set: setInt}
	case reflect.Pointer:
		return pointerShape(shapeOf(t.Elem()))
	case reflect.Slice:
		return sliceShape(shapeOf(t.Elem()))
	case reflect.Struct:
		return structShape(t)
	}
	panic(fmt.Sprintf("httpapi: no shape for %s", t))
}

// read assigns a canonical value.
func (s *shape) read(v reflect.Value, raw []byte) error {
	if strings.IndexByte(s.starts, raw[0]) < 0 {
		return domain.Invalidf("", "is %s; %s is expected", kindOf(raw), s.expects)
	}
	return s.set(v, raw)
}

func pointerShape(to *shape) *shape {
	s := *to
	s.set = func(v reflect.Value, raw []byte) error {
		target := reflect.New(v.Type().Elem())
		if err := to.set(target.Elem(), raw); err != nil {
			return err
		}
		v.Set(target)
		return nil
	}
	return &s
}

func sliceShape(of *shape) *shape {
	return &shape{expects: "a list", starts: "[", set: func(v reflect.Value, raw []byte) error {
		list := reflect.MakeSlice(v.Type(), 0, 4)
		item := reflect.New(v.Type().Elem()).Elem()
		for i, value := range itemsOf(raw) {
			item.SetZero()
			if err := of.read(item, value); err != nil {
				return domain.Within("["+strconv.Itoa(i)+"]", err)
			}
			list = reflect.Append(list, item)
		}
		v.Set(list)
		return nil
	}}
}

func structShape(t reflect.Type) *shape {
	s := &shape{expects: "an object", starts: "{", fields: map[string]field{}}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		required := option != "omitempty"
		s.names = append(s.names, name)
		s.fields[name] = field{
			shape: shapeOf(f.Type), index: f.Index, required: required,
			nullable: required && f.Type.Kind() == reflect.Pointer ||
				f.Type == reflect.TypeFor[json.RawMessage]() && f.Tag.Get("nullable") != "false",
			min: bound(f, "minimum", math.MinInt64), max: bound(f, "maximum", math.MaxInt64),
			holds: holding(f, required),
		}
	}
	s.set = s.setStruct
	return s
}

// holding is the holds of a field; whatever is required, the domain looks at.
func holding(f reflect.StructField, required bool) string {
	enum, longest, most := f.Tag.Get("enum"), f.Tag.Get("maxLength"), f.Tag.Get("maxItems")
	switch {
	case required || f.Tag.Get("minLength")+f.Tag.Get("minItems") == "":
		return ""
	case enum != "":
		return "one of " + strings.ReplaceAll(enum, ",", ", ")
	case longest != "":
		return "1 to " + longest + " characters"
	case most != "":
		return "1 to " + most + " of them"
	}
	return "1 character or more"
}

func bound(f reflect.StructField, tag string, otherwise int64) int64 {
	n, err := strconv.ParseInt(f.Tag.Get(tag), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

func (s *shape) setStruct(v reflect.Value, raw []byte) error {
	seen := 0
	for name, value := range membersOf(raw) {
		f, ok := s.fields[name]
		if !ok {
			return s.unknown(name)
		}
		if f.required {
			seen++
		}
		if err := f.read(v.FieldByIndex(f.index), value); err != nil {
			return domain.Within(name, err)
		}
	}
	return s.missing(seen, raw)
}

func (f *field) read(v reflect.Value, raw []byte) error {
	if raw[0] == 'n' {
		switch {
		case f.nullable && v.Kind() == reflect.Pointer:
			return nil
		case !f.nullable && !f.required:
			return nil
		}
	}
	if err := f.shape.read(v, raw); err != nil {
		return err
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if f.holds != "" && isEmpty(v) {
		return domain.Invalidf("", "is empty; leave it out, or give %s", f.holds)
	}
	if !v.CanInt() {
		return nil
	}
	switch n := v.Int(); {
	case n < f.min && f.max == math.MaxInt64:
		return domain.Invalidf("", "is %d; at least %d is allowed", n, f.min)
	case n < f.min || n > f.max:
		return domain.Invalidf("", "is %d; %d to %d are allowed", n, f.min, f.max)
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	if v.Kind() == reflect.String {
		return strings.TrimSpace(v.String()) == ""
	}
	return v.Len() == 0
}

func (s *shape) unknown(name string) error {
	names := slices.Clone(s.names)
	if len(names) == 0 {
		return domain.Invalidf(name, "is unknown; nothing is allowed here")
	}
	return domain.Invalidf(name, "is unknown; allowed are %s", strings.Join(names, ", "))
}

// missing names the first required field that is not in an object, given how many of them are.
func (s *shape) missing(seen int, raw []byte) error {
	required := 0
	for _, f := range s.fields {
		if f.required {
			required++
		}
	}
	if seen == required {
		return nil
	}
	there := maps.Collect(membersOf(raw))
	for _, name := range s.names {
		if f := s.fields[name]; f.required && there[name] == nil {
			return domain.Invalidf(name, "is missing; %s is expected", f.shape.expects)
		}
	}
	return nil
}

func setTime(v reflect.Value, raw []byte) error {
	t, err := time.Parse(time.RFC3339Nano, textOf(raw))
	if err != nil {
		return domain.Invalidf("", "is no time; one as in RFC 3339 is expected, such as 2026-01-31T15:04:05Z")
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

func setUUID(v reflect.Value, raw []byte) error {
	id, err := parseUUID(textOf(raw))
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(id))
	return nil
}

// parseUUID takes the usual form with its four hyphens only.
func parseUUID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.Nil, domain.Invalidf("", "is no UUID; one such as 0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f is expected")
	}
	return id, nil
}

func setFloat(v reflect.Value, raw []byte) error {
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return domain.Invalidf("", "is too large a number")
	}
	v.SetFloat(n)
	return nil
}

func setInt(v reflect.Value, raw []byte) error {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return domain.Invalidf("", "is no whole number of at most 64 bits")
	}
	v.SetInt(n)
	return nil
}

func kindOf(raw []byte) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return string(raw)
	case 'n':
		return "null"
	default:
		return "a number"
	}
}
