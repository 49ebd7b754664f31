package eventstore_test

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/eventstore"
)

func TestPayloadsAreEncodedAsOthersAreButAtOnce(t *testing.T) {
	registered := pgtype.NewMap()
	eventstore.EncodeAtOnce(registered)
	for _, payloads := range []any{
		pgtype.FlatArray[[]byte]{},
		pgtype.FlatArray[[]byte]{[]byte(`{}`), bytes.Repeat([]byte("1"), 1000), []byte(`"x"`)},
		pgtype.FlatArray[[]byte](nil),
		[]string{`1`, `null`},
		[]map[string]int{{"a": 1}},
	} {
		encoded, err := registered.Encode(pgtype.JSONArrayOID, pgtype.BinaryFormatCode, payloads, []byte("before"))
		require.NoError(t, err)
		expected, err := pgtype.NewMap().Encode(pgtype.JSONArrayOID, pgtype.BinaryFormatCode, payloads, []byte("before"))
		require.NoError(t, err)
		require.Equal(t, expected, encoded)
	}
	// A buffer that grew with its elements would be larger than what is in it.
	many := make(pgtype.FlatArray[[]byte], 500)
	for i := range many {
		many[i] = bytes.Repeat([]byte("1"), 1000)
	}
	encoded, err := registered.Encode(pgtype.JSONArrayOID, pgtype.BinaryFormatCode, many, make([]byte, 0, 256))
	require.NoError(t, err)
	require.Less(t, cap(encoded)-len(encoded), 32<<10)
}
