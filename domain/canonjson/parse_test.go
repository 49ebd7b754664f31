package canonjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"white space goes":            {" { \"a\" :\t[ 1 ,\n2 ] }\r\n", `{"a":[1,2]}`},
		"keys are ordered":            {`{"b":1,"a":2,"":3}`, `{"":3,"a":2,"b":1}`},
		"keys by UTF-16 code units":   {"{\"\ufb33\":1,\"\U0001f600\":2,\"\u20ac\":3}", "{\"\u20ac\":3,\"\U0001f600\":2,\"\ufb33\":1}"},
		"keys by what escapes mean":   {`{"Z":1,"\n":2}`, `{"\n":2,"Z":1}`},
		"escapes of RFC 8785":         {`"\u000f\u20ac\/\"\\\n\u0041"`, "\"\\u000f\u20ac/\\\"\\\\\\nA\""},
		"surrogate pair":              {`"\ud83d\ude00"`, "\"\U0001f600\""},
		"exponent becomes digits":     {`1e2`, `100`},
		"trailing zeros go":           {`1.500`, `1.5`},
		"negative zero":               {`-0.0`, `0`},
		"small numbers as ECMAScript": {`0.0000001`, `1e-7`},
		"large numbers as ECMAScript": {`1000000000000000000000000`, `1e+24`},
		"digits are never rounded":    {`12345678901234567890.123456789`, `12345678901234567890.123456789`},
		"largest float":               {`1.7976931348623157e308`, `1.7976931348623157e+308`},
		"literals":                    {`[true,false,null]`, `[true,false,null]`},
		"empty object and array":      {`{"a":{},"b":[]}`, `{"a":{},"b":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := canonjson.Parse([]byte(c.in))
			require.NoError(t, err)
			require.Equal(t, c.want, got.String())
			requireAdopted(t, []byte(c.in), got)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, field, problem string }{
		"nothing":              {``, "", "ends too early"},
		"NaN":                  {`{"a":NaN}`, "a", "expected a value at byte 5"},
		"more than one value":  {`1 2`, "", "nothing may follow"},
		"NUL":                  {`{"a":["x","\u0000"]}`, "a[1]", "NUL"},
		"NUL in a key":         {`{"\u0000":1}`, "", "NUL"},
		"lone high surrogate":  {`{"a":{"b":"\ud800"}}`, "a.b", "lone surrogate"},
		"lone low surrogate":   {`"\udc00"`, "", "lone surrogate"},
		"high without its low": {`"\ud800\u0041"`, "", "lone surrogate"},
		"invalid UTF-8":        {"\"\xff\"", "", "must be valid UTF-8"},
		"key twice":            {`{"a":{"k":1,"k":2}}`, "a.k", "must not occur twice"},
		"key twice, escaped":   {`{"k":1,"\u006b":2}`, "k", "must not occur twice"},
		"leading zero":         {`01`, "", "a number must not start with a zero at byte 0"},
		"bare minus":           {`-`, "", "ends too early"},
		"no fraction":          {`1.`, "", "ends too early"},
		"huge exponent":        {`1e999999999999999999999`, "", "at most 1100 digits"},
		"tiny exponent":        {`[1e-1200]`, "[0]", "at most 1100 digits"},
		"raw control":          {"\"a\nb\"", "", "control character"},
		"unknown escape":       {`"\x41"`, "", "unknown escape"},
		"unterminated":         {`{"a":"b`, "a", "ends too early"},
		"comma at the end":     {`[1,]`, "[1]", "expected a value"},
		"single quotes":        {`{'a':1}`, "", "double quotes"},
		"too deep":             {strings.Repeat("[", 600) + strings.Repeat("]", 600), strings.Repeat("[0]", 66) + "[0…", "at most 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := canonjson.Parse([]byte(c.in))
			require.Error(t, err)
			require.Equal(t, domain.Invalid, domain.KindOf(err))
			e, ok := errors.AsType[*domain.Error](err)
			require.True(t, ok)
			require.Equal(t, c.field, e.Field)
			require.Contains(t, e.Message, c.problem)
			_, adopting := canonjson.Adopt([]byte(c.in))
			require.Equal(t, err, adopting)
		})
	}
}

func TestCheckSizeCountsNumbersInFull(t *testing.T) {
	t.Parallel()
	for raw, size := range map[string]int{
		`[1e300,1e300]`:   605,
		`-1.25e-7`:        12, // -0.000000125
		`{"a":1.5e30}`:    37,
		`"1e300"`:         7,
		`[true,1e3,"\""]`: 16,
	} {
		value, err := canonjson.Parse([]byte(raw))
		require.NoError(t, err)
		require.NoError(t, value.CheckSize(size), raw)
		require.EqualError(t, value.CheckSize(size-1), fmt.Sprintf("must be at most %d bytes, got %d", size-1, size))
	}
}

func TestEqualValuesHaveTheSameCanonicalForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := drawJSON(t, 4)
		compact, err := json.Marshal(value)
		require.NoError(t, err)
		indented, err := json.MarshalIndent(value, " ", "\t")
		require.NoError(t, err)

		a, err := canonjson.Parse(compact)
		require.NoError(t, err)
		b, err := canonjson.Parse(indented)
		require.NoError(t, err)
		require.Equal(t, a.String(), b.String())

		again, err := canonjson.Parse(a.Raw())
		require.NoError(t, err)
		require.Equal(t, a.String(), again.String(), "a canonical form parses to itself")
		for _, text := range [][]byte{compact, indented, a.Raw()} {
			adopted, err := canonjson.Adopt(text)
			require.NoError(t, err)
			require.Equal(t, a.String(), adopted.String())
		}

		var back any
		require.NoError(t, json.Unmarshal(a.Raw(), &back))
		require.True(t, reflect.DeepEqual(value, back), "%s", a)
	})
}

func TestAdoptKeepsACanonicalText(t *testing.T) {
	t.Parallel()
	raw := []byte(`{"a":["x\"\\\n",-1.5e+30,0.25,0,true,{}],"b":{"é":null},"c":[]}`)
	adopted, err := canonjson.Adopt(raw)
	require.NoError(t, err)
	require.Same(t, &raw[0], &adopted.Raw()[0])
}

func drawJSON(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 {
		kind %= 4
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Float64().Filter(func(f float64) bool { return f != 0 && !math.IsInf(f, 0) && !math.IsNaN(f) }).Draw(t, "number")
	case 3:
		return strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "")
	case 4:
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			list = append(list, drawJSON(t, depth-1))
		}
		return list
	default:
		object := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			object[strings.ReplaceAll(rapid.String().Draw(t, "key"), "\x00", "")] = drawJSON(t, depth-1)
		}
		return object
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.50,-0e0,"\ud83d\ude00\n"]}`, `1e-7`, `"\u0000"`, `{"k":1,"k":2}`, `[[[]]]`, `{"a":NaN}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		canonical, err := canonjson.Parse(raw)
		if err != nil {
			require.Equal(t, domain.Invalid, domain.KindOf(err))
			_, adopting := canonjson.Adopt(raw)
			require.Equal(t, err, adopting)
			return
		}
		require.True(t, json.Valid(raw), "accepted invalid JSON: %q", raw)
		again, err := canonjson.Parse(canonical.Raw())
		require.NoError(t, err)
		require.Equal(t, canonical, again)
		requireAdopted(t, raw, canonical)
		requireSameNumbers(t, raw, canonical.Raw())
	})
}

// requireAdopted holds Adopt to Parse, for a text and for its canonical form.
func requireAdopted(t *testing.T, raw []byte, canonical canonjson.Value) {
	t.Helper()
	adopted, err := canonjson.Adopt(raw)
	require.NoError(t, err)
	require.Equal(t, canonical.String(), adopted.String())
	adopted, err = canonjson.Adopt(canonical.Raw())
	require.NoError(t, err)
	require.Equal(t, canonical.String(), adopted.String())
}

// requireSameNumbers compares two texts of one JSON value token by token, numbers exactly.
func requireSameNumbers(t *testing.T, a, b []byte) {
	t.Helper()
	var x, y any
	for text, into := range map[*[]byte]*any{&a: &x, &b: &y} {
		d := json.NewDecoder(strings.NewReader(string(*text)))
		d.UseNumber()
		require.NoError(t, d.Decode(into))
	}
	require.Equal(t, exact(x), exact(y))
}

type fraction string

// exact replaces each number by its fraction in lowest terms.
func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		r, _ := new(big.Rat).SetString(v.String())
		return fraction(r.String())
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = exact(v[k])
		}
	}
	return v
}
