package canonjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
)

func parse(t *testing.T, raw string) canonjson.Value {
	t.Helper()
	v, err := canonjson.Parse([]byte(raw))
	require.NoError(t, err)
	return v
}

// FuzzWalk compares Each, Items, Text, Leaves and With with encoding/json.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, `{"a": -1.5e3 , "b" : null}`, `{"a":"x\"}","b":"\\","c":"\\\"]"}`, `{"a":[{"b":"]"},[],{}],"c":{"d":[1,2]}}`,
		`[]`, `[true,"x,y",["\""],1e-7]`, `"x"`, `1`, `{"\"":{"\n":"\u0001"}}`,
		`{"a\u0062": ["x\n", -1.50, true, null, {"b": "é"}, [], {}], "a": 1e3}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := canonjson.Parse(raw)
		if err != nil {
			return
		}
		var whole any
		d := json.NewDecoder(bytes.NewReader(v.Raw()))
		d.UseNumber()
		require.NoError(t, d.Decode(&whole))
		var scalars []any
		v.Leaves(func(text string, leaf canonjson.Leaf) {
			switch leaf {
			case canonjson.NumberLeaf:
				scalars = append(scalars, json.Number(text))
			case canonjson.StringLeaf:
				scalars = append(scalars, text)
			case canonjson.BoolLeaf, canonjson.KeyLeaf:
			}
		})
		require.Equal(t, scalarsOf(v.Raw()), scalars)
		text, ok := v.Text()
		expected, isText := whole.(string)
		require.Equal(t, isText, ok)
		require.Equal(t, expected, text)

		var items, expectedItems []json.RawMessage
		require.NoError(t, v.Items(func(i int, item canonjson.Value) error {
			require.Len(t, items, i)
			items = append(items, item.Raw())
			return nil
		}))
		if _, isArray := whole.([]any); isArray {
			require.NoError(t, json.Unmarshal(v.Raw(), &expectedItems))
		}
		require.Equal(t, len(expectedItems), len(items))
		for i, item := range expectedItems {
			require.Equal(t, string(item), string(items[i]))
		}

		found := map[string]string{}
		err = v.Each(func(name string, value canonjson.Value) error {
			found[name] = value.String()
			return nil
		})
		object, isObject := whole.(map[string]any)
		require.Equal(t, isObject, err == nil)
		if !isObject {
			return
		}
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(v.Raw(), &members))
		require.Len(t, found, len(object))
		for name, value := range members {
			require.Equal(t, string(value), found[name])
		}
		for _, key := range append(slices.Collect(maps.Keys(object)), "", "b", "\U0001f600", "\ue000") {
			members[key] = json.RawMessage("7")
			encoded, err := json.Marshal(members)
			require.NoError(t, err)
			require.Equal(t, parse(t, string(encoded)).String(), v.With(key, parse(t, "7")).String())
			delete(members, key)
			if was, ok := found[key]; ok {
				members[key] = json.RawMessage(was)
			}
		}
	})
}

// scalarsOf finds the strings and numbers of a value with the tokens of encoding/json.
func scalarsOf(raw []byte) (found []any) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var objects []bool // for each open array or object, whether it is an object
	for atKey := false; ; {
		token, err := d.Token()
		if err != nil {
			return found
		}
		within := len(objects) > 0 && objects[len(objects)-1]
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				objects = append(objects, token == '{')
				atKey = token == '{'
				continue
			}
			objects = objects[:len(objects)-1]
			within = len(objects) > 0 && objects[len(objects)-1]
		case string, json.Number:
			if within && atKey {
				atKey = false
				continue
			}
			found = append(found, token)
		}
		atKey = within
	}
}

func TestEachStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	calls := 0
	err := parse(t, `{"a":1,"b":2}`).Each(func(string, canonjson.Value) error { calls++; return errors.New("enough") })
	require.EqualError(t, err, "a: enough")
	require.Equal(t, 1, calls)
	require.EqualError(t, parse(t, `[]`).Each(nil), "must be a JSON object")
	require.EqualError(t, canonjson.Value{}.Each(nil), "must be a JSON object")
	require.NoError(t, canonjson.Value{}.CheckSize(0))
}

func TestWith(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"a":1,"b":null}`, parse(t, `{"a":1}`).With("b", canonjson.Value{}).String())
	require.Equal(t, `{"b":"x"}`, canonjson.Value{}.With("b", canonjson.Text("x")).String())
	require.Panics(t, func() { parse(t, `[]`).With("a", canonjson.Null()) })
}
