package canonjson_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain/canonjson"
)

func TestObject(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 120_000_500, time.FixedZone("", 3600))
	written := canonjson.NewObject([]byte("before")).
		Bool("a", true).
		Float("b", 1e-7).
		Float("c", math.NaN()).
		Int("e", -7).
		Value("f", canonjson.List(canonjson.Text("<\xff>\n"), canonjson.Value{}, canonjson.List())).
		Text("g", "").
		TextIfAny("h", "").
		TextIfAny("i", "x").
		Time("j", &at).
		Value("k", parse(t, `{"b": 1, "a": 2}`)).
		Value("l", canonjson.Value{}).
		Time("m", nil).
		Done()
	expected := `{"a":true,"b":1e-7,"c":null,"e":-7,"f":["<\ufffd>\n",null,[]],"g":"","i":"x",` +
		`"j":"2026-03-01T08:00:00.120000Z","k":{"a":2,"b":1},"l":null,"m":null}`
	require.Equal(t, parse(t, expected), written)
	require.Equal(t, "{}", canonjson.NewObject(nil).Done().String())
}

func TestObjectPanicsOnWrongOrder(t *testing.T) {
	t.Parallel()
	for _, second := range []string{"b", "a", ""} {
		require.Panics(t, func() { canonjson.NewObject(nil).Int("b", 1).Int(second, 2) }, second)
	}
	require.NotPanics(t, func() { canonjson.NewObject(nil).Int("\U0001f600", 1).Int("\ue000", 2) }, "in the order of UTF-16")
}

func TestObjectsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number, text := rapid.Float64().Draw(t, "number"), strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "")
		written := canonjson.NewObject(nil).Float("number", number).Text("text", text).Done()
		parsed, err := canonjson.Parse(written.Raw())
		require.NoError(t, err)
		require.Equal(t, written.String(), parsed.String())
		var back struct {
			Number float64
			Text   string
		}
		require.NoError(t, json.Unmarshal(written.Raw(), &back))
		require.Equal(t, text, back.Text)
		require.True(t, number == back.Number, "%v", number) //nolint:testifylint // exactly
	})
}

func TestTextEscapesAtEveryPlace(t *testing.T) {
	t.Parallel()
	for c := range rune(0x100) {
		for before := range 18 {
			for _, filler := range []string{"a", "!", "[", "\x7f", "é", "\U0001f600"} {
				text := strings.Repeat(filler, before) + string(c) + strings.Repeat(filler, 17-before)
				written := canonjson.Text(text)
				var back string
				require.NoError(t, json.Unmarshal(written.Raw(), &back), "%q", text)
				require.Equal(t, text, back)
				if c >= ' ' && c != '"' && c != '\\' {
					require.Equal(t, `"`+text+`"`, written.String())
				}
				if c > 0 {
					parsed, err := canonjson.Parse(written.Raw())
					require.NoError(t, err)
					require.Equal(t, written, parsed)
				}
			}
		}
	}
}

func TestValueInJSON(t *testing.T) {
	t.Parallel()
	var body struct {
		Given, Null, Absent canonjson.Value
		Omitted             canonjson.Value `json:",omitzero"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"Given": {"b":1, "a":[]}, "Null": null}`), &body))
	require.Equal(t, `{"a":[],"b":1}`, body.Given.String())
	require.True(t, body.Null.IsNull())
	require.True(t, body.Absent.IsZero())
	require.True(t, body.Given.IsObject())
	require.False(t, body.Null.Equal(body.Absent))
	back, err := json.Marshal(body)
	require.NoError(t, err)
	require.Equal(t, `{"Given":{"a":[],"b":1},"Null":null,"Absent":null}`, string(back))
	require.Error(t, json.Unmarshal([]byte(`{"Given":"\u0000"}`), &body))
}
