package eventstore

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

func TestMetaKeepsEveryField(t *testing.T) {
	t.Parallel()
	var whole domain.Meta
	fields := reflect.ValueOf(&whole).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetString(fields.Type().Field(i).Name + " \"\u00e9\"\n")
	}
	for _, m := range []domain.Meta{{}, {Actor: "a", CommandID: "c"}, whole} {
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		canonical, err := canonjson.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, canonical.String(), EncodeMeta(m).String())
		back, err := decodeMeta(raw)
		require.NoError(t, err)
		require.Equal(t, m, back)
	}
}
