// Package decode reads requests: JSON objects and the parameters of a URL, into structs whose tags say what is allowed.
package decode

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// A Decoder reads the requests of one type, strictly: an error names the field as the caller wrote it. It is made once, from
// the same struct tags that documents are made from, so the two cannot disagree:
//
//   - a name is matched to the letter, an unknown one is refused,
//   - a field without omitempty or omitzero is required,
//   - null stands for a field that is left out, but for a pointer without omitempty, whose null is a value, and for a
//     canonjson.Value or domain.NullableTime, which take it; a field whose tag nullable is false refuses it,
//   - an integer keeps its tags minimum and maximum,
//   - a text or a list that may be left out is not empty where its tag minLength or minItems says so: an empty filter
//     would be taken for none; all other bounds are the domain's.
//
// It is safe for concurrent use.
type Decoder struct {
	// fields of the struct, by name; names are theirs in order.
	fields map[string]field
	names  []string
}

type field struct {
	value    *valueDecoder
	index    []int
	required bool
	nullable bool
	// notNull says that null is refused, even if the field may be left out.
	notNull  bool
	min, max int64
	// nonEmpty says what it must hold where it is given, as in "1 to 100 characters"; "" where it may be empty.
	nonEmpty string
}

// New makes the decoder of a struct type. Fields that are read apart from the others are named in except.
func New(t reflect.Type, except ...string) *Decoder {
	d := &Decoder{fields: map[string]field{}}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if slices.Contains(except, name) {
			continue
		}
		required := !strings.HasPrefix(option, "omit")
		d.names = append(d.names, name)
		d.fields[name] = field{
			value: decoderOf(f.Type), index: f.Index, required: required,
			nullable: required && f.Type.Kind() == reflect.Pointer || takesNull(f.Type),
			notNull:  f.Tag.Get("nullable") == "false",
			min:      bound(f, "minimum", math.MinInt64), max: bound(f, "maximum", math.MaxInt64),
			nonEmpty: nonEmpty(f, required),
		}
	}
	return d
}

// nonEmpty is what a field must hold; the domain looks at those that are required.
func nonEmpty(f reflect.StructField, required bool) string {
	enum, longest, most := f.Tag.Get("enum"), f.Tag.Get("maxLength"), f.Tag.Get("maxItems")
	switch {
	case required || f.Tag.Get("minLength")+f.Tag.Get("minItems") == "":
		return ""
	case enum != "":
		return "one of " + strings.ReplaceAll(enum, ",", ", ")
	case longest != "":
		return "1 to " + longest + " characters"
	case most != "":
		return "1 to " + most + " items"
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

// JSON reads an object into a pointer to the struct. Text that is not JSON is malformed; everything else that is wrong is an
// error of kind Invalid that names the field. An empty text stands for {}.
func (d *Decoder) JSON(raw []byte, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	value, err := canonjson.Parse(raw)
	if err != nil {
		return Malformed(aboutRequest(err))
	}
	if !value.IsObject() {
		return domain.Invalidf("", "the request must be a JSON object, got %s", kindOfJSON(value))
	}
	return d.object(reflect.ValueOf(into).Elem(), value)
}

// Value reads a value, which must be an object, into a pointer to the struct; its errors are those of JSON.
func (d *Decoder) Value(value canonjson.Value, into any) error {
	return d.asValue().decode(reflect.ValueOf(into).Elem(), value)
}

func (d *Decoder) asValue() *valueDecoder { return &valueDecoder{"an object", "{", d.object} }

// aboutRequest says that an error that names no field is one of the request as a whole.
func aboutRequest(err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Field != "" {
		return err
	}
	return domain.Invalidf("", "the request %s", e.Message)
}

// object reads an object.
func (d *Decoder) object(v reflect.Value, object canonjson.Value) (failed error) {
	seen := make(map[string]bool, len(d.fields))
	_ = object.Each(func(name string, value canonjson.Value) error {
		f, ok := d.fields[name]
		if !ok {
			failed = d.unknown(name)
			return failed
		}
		seen[name] = true
		failed = domain.WithField(name, f.decode(v.FieldByIndex(f.index), value))
		return failed
	})
	if failed != nil {
		return failed
	}
	for _, name := range d.names {
		if f := d.fields[name]; f.required && !seen[name] {
			return domain.Invalidf(name, "is required: it must be %s", f.value.expects)
		}
	}
	return nil
}

func (f *field) decode(v reflect.Value, value canonjson.Value) error {
	if value.IsNull() {
		switch {
		case f.notNull:
			return domain.Invalidf("", "must not be null: leave it out, or give a value")
		case f.nullable && v.Kind() == reflect.Pointer:
			return nil
		case !f.nullable && !f.required:
			return nil
		}
	}
	if err := f.value.decode(v, value); err != nil {
		return err
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if f.nonEmpty != "" && isEmpty(v) {
		return domain.Invalidf("", "must not be empty: leave it out, or give %s", f.nonEmpty)
	}
	if !v.CanInt() {
		return nil
	}
	switch n := v.Int(); {
	case n < f.min && f.max == math.MaxInt64:
		return domain.Invalidf("", "must be at least %d, got %d", f.min, n)
	case n < f.min || n > f.max:
		return domain.Invalidf("", "must be %d to %d, got %d", f.min, f.max, n)
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	if v.Kind() == reflect.String {
		return strings.TrimSpace(v.String()) == ""
	}
	return v.Len() == 0
}

func (d *Decoder) unknown(name string) error {
	if len(d.names) == 0 {
		return domain.Invalidf(name, "is unknown: nothing may be given here")
	}
	return domain.Invalidf(name, "is unknown: it must be one of %s", strings.Join(d.names, ", "))
}

func decoderOf(t reflect.Type) *valueDecoder {
	if leaf := leafDecoder(t); leaf != nil {
		return leaf
	}
	switch t.Kind() {
	case reflect.Pointer:
		return pointerTo(decoderOf(t.Elem()))
	case reflect.Slice:
		return listOf(decoderOf(t.Elem()))
	case reflect.Struct:
		return New(t).asValue()
	}
	panic(fmt.Sprintf("decode: no decoder for %s", t))
}

func pointerTo(to *valueDecoder) *valueDecoder {
	d := *to
	d.set = func(v reflect.Value, value canonjson.Value) error {
		target := reflect.New(v.Type().Elem())
		if err := to.set(target.Elem(), value); err != nil {
			return err
		}
		v.Set(target)
		return nil
	}
	return &d
}

func listOf(of *valueDecoder) *valueDecoder {
	return &valueDecoder{aList, "[", func(v reflect.Value, value canonjson.Value) error {
		list := reflect.MakeSlice(v.Type(), 0, 4)
		item := reflect.New(v.Type().Elem()).Elem()
		err := value.Items(func(i int, one canonjson.Value) error {
			item.SetZero()
			if err := of.decode(item, one); err != nil {
				return domain.WithField("["+strconv.Itoa(i)+"]", err)
			}
			list = reflect.Append(list, item)
			return nil
		})
		v.Set(list)
		return err
	}}
}
