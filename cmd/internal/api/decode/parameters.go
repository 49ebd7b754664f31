package decode

import (
	"maps"
	"math"
	"net/url"
	"reflect"
	"slices"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// Parameters reads the query of a URL into a pointer to the struct. A value is read like one of an object: as it stands
// where its field is text, else as JSON. A list is given by repeating the name.
func (d *Decoder) Parameters(rawQuery string, into any) error {
	if rawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return Malformed(domain.Invalidf("", "the query of the URL must be percent-encoded name=value pairs, joined by &"))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := d.Text(name, values[name], into); err != nil {
			return err
		}
	}
	return nil
}

// IsList tells whether a field is given by repeating its name.
func (d *Decoder) IsList(name string) bool {
	return d.fields[name].value != nil && d.fields[name].value.expects == aList
}

// Text reads the texts that were given for one field.
func (d *Decoder) Text(name string, given []string, into any) error {
	f, ok := d.fields[name]
	if !ok {
		return d.unknown(name)
	}
	return domain.WithField(name, f.texts(reflect.ValueOf(into).Elem().FieldByIndex(f.index), given))
}

func (f *field) texts(v reflect.Value, given []string) error {
	for _, text := range given {
		if err := domain.CheckText("", text, math.MaxInt); err != nil { // how long it may be, the domain says
			return err
		}
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		v.Set(reflect.ValueOf(given))
		return nil
	}
	if len(given) > 1 {
		return domain.Invalidf("", "must be given once, got %d values", len(given))
	}
	if f.value.firstBytes == `"` {
		return f.decode(v, canonjson.Text(given[0]))
	}
	value, err := canonjson.Parse([]byte(given[0]))
	if err != nil {
		return domain.Invalidf("", "must be %s", f.value.expects)
	}
	if value.IsNull() && !f.notNull {
		return f.value.decode(v, value) // a URL leaves out what is not given
	}
	return f.decode(v, value)
}
