package eventstore_test

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/eventstore"
)

func TestAFirstArrayIsEncodedAsOthersAreButMakesRoom(t *testing.T) {
	types := pgtype.NewMap()
	eventstore.EncodeFirstArrays(types)
	encode := func(types *pgtype.Map, value any) []byte {
		encoded, err := types.Encode(pgtype.JSONArrayOID, pgtype.BinaryFormatCode, value, []byte("before"))
		require.NoError(t, err)
		return encoded
	}
	for _, elements := range [][][]byte{{}, {[]byte(`{}`), bytes.Repeat([]byte("1"), 1000), []byte(`"x"`)}, nil} {
		expected := encode(pgtype.NewMap(), pgtype.FlatArray[[]byte](elements))
		require.Equal(t, expected, encode(types, pgtype.FlatArray[[]byte](elements)))
		if elements == nil {
			continue
		}
		first := encode(types, eventstore.FirstArray(elements, 100_000))
		require.Equal(t, expected, first)
		require.GreaterOrEqual(t, cap(first), 100_000)
	}
	for _, other := range []any{[]string{`1`, `null`}, []map[string]int{{"a": 1}}} {
		require.Equal(t, encode(pgtype.NewMap(), other), encode(types, other))
	}
}
