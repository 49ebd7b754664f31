package httpapi

import (
	"maps"
	"net/url"
	"reflect"
	"slices"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// readParameters reads the query of a URL into the struct that s is the shape of. A value is read
// like one of a body: as it stands where its field is text, else as JSON. A list is given by repeating the name.
func readParameters(s *shape, rawQuery string, into any) error {
	if rawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return malformed(domain.Invalidf("", "the query of the URL cannot be read"))
	}
	v := reflect.ValueOf(into).Elem()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		f, ok := s.fields[name]
		if !ok {
			return s.unknown(name)
		}
		if err := f.readTexts(v.FieldByIndex(f.index), values[name]); err != nil {
			return domain.Within(name, err)
		}
	}
	return nil
}

func (f *field) readTexts(v reflect.Value, given []string) error {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		for _, text := range given {
			if err := domain.CheckText("", text, maxParameter); err != nil {
				return err
			}
		}
		v.Set(reflect.ValueOf(given))
		return nil
	}
	if len(given) > 1 {
		return domain.Invalidf("", "is given %d times; once is allowed", len(given))
	}
	text := given[0]
	if err := domain.CheckText("", text, maxParameter); err != nil {
		return err
	}
	if f.shape.starts == `"` {
		return f.read(v, canonjson.AppendText(nil, text))
	}
	canonical, err := canonjson.Parse([]byte(text))
	if err != nil {
		return domain.Invalidf("", "is not what is expected here: %s", f.shape.expects)
	}
	return f.read(v, canonical.Raw())
}

// maxParameter bounds a parameter before anything is done with it, in characters.
const maxParameter = 16 << 10
