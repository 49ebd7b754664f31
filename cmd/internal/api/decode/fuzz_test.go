package decode_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// everything has a field of every kind that requests have.
type everything struct {
	embedded
	ID      *uuid.UUID      `json:"id"`
	Text    string          `json:"text,omitempty" minLength:"1" maxLength:"10"`
	Texts   []string        `json:"texts,omitempty" minItems:"1" maxItems:"3"`
	Values  []embedded      `json:"values,omitempty"`
	At      *time.Time      `json:"at,omitempty"`
	Yes     bool            `json:"yes,omitempty"`
	Ratio   *float64        `json:"ratio,omitempty"`
	Count   int64           `json:"count,omitempty" minimum:"1" maximum:"1000"`
	Any     canonjson.Value `json:"any,omitzero"`
	Object  json.RawMessage `json:"object,omitempty" nullable:"false"`
	Another struct {
		Deep []canonjson.Value `json:"deep"`
	} `json:"another,omitempty"`
}

type embedded struct {
	Number int `json:"number,omitempty"`
}

// requireRefused requires an error that tells the caller what is wrong.
func requireRefused(t *testing.T, err error) {
	t.Helper()
	require.Contains(t, []domain.Kind{domain.Invalid, decode.KindMalformed}, domain.KindOf(err), "%v", err)
	require.NotEmpty(t, err.Error())
}

// FuzzJSON holds the decoder to encoding/json: what it reads, it reads alike.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		``, `{"id":null}`, `{"id":"0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f","number":-7,"text":"é\"","texts":["a",""],"values":[{"number":1},{}]}`,
		`{"id":null,"at":"2026-01-31T15:04:05.123456789+14:00","yes":true,"ratio":1e-7,"count":1e3,"any":null,"object":{"a":[]},"another":{"deep":[1,[],"x"]}}`,
		`{"id":null,"text":null,"texts":null,"values":null,"at":null,"yes":null,"ratio":null,"count":null,"another":null}`, `{"id":null,"object":null}`,
		`{"id":7}`, `{"id":null,"count":0}`, `{"id":null,"count":1.5}`, `{"id":null,"ratio":1e999}`, `{"id":null,"at":"2026-01-31T5:04:05,5Z"}`,
		`{"id":null,"texts":[]}`, `{"id":null,"texts":[1]}`, `{"id":null,"ID":1}`, `{"id":null,"another":{}}`, `[]`, `{"id":null,"id":null}`, `{"":1}`,
	} {
		f.Add([]byte(seed))
	}
	d := decode.New(reflect.TypeFor[everything]())
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got, want everything
		if err := d.JSON(raw, &got); err != nil {
			requireRefused(t, err)
			return
		}
		value, err := canonjson.Parse(raw)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(value.Raw(), &want))
		if want.At != nil {
			*want.At = want.At.UTC()
		}
		require.Equal(t, want, got)
	})
}

// FuzzParameters holds the parameters of a URL to the object that stands for them.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		``, `text=a+b&texts=a&texts=&at=2026-01-31T15:04:05%2B02:00&yes=true&ratio=.5`, `count=7&number=-0&any=%7B%22a%22:1%7D&object=null`,
		`id=0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f&ratio=1e2`, `text=a&text=b`, `text=%ff`, `text=%00`, `%zz`, `a;b`, `count=1001`, `count=null`, `values=[{}]`, `texts=`,
	} {
		f.Add(seed)
	}
	d := decode.New(reflect.TypeFor[everything]())
	f.Fuzz(func(t *testing.T, query string) {
		var got, want everything
		if err := d.Parameters(query, &got); err != nil {
			requireRefused(t, err)
			return
		}
		given, err := url.ParseQuery(query)
		require.NoError(t, err)
		object := map[string]any{}
		for name, texts := range given {
			switch name {
			case "texts":
				object[name] = texts
			case "text", "at", "id":
				object[name] = texts[0]
			default:
				object[name] = json.RawMessage(texts[0])
			}
		}
		if object["id"] == nil {
			object["id"] = nil // which a URL leaves out
		}
		raw, err := json.Marshal(object)
		require.NoError(t, err)
		require.NoError(t, d.JSON(raw, &want))
		require.Equal(t, want, got)
	})
}
