package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSizesRoundTrip(t *testing.T) {
	t.Parallel()
	for text, size := range map[string]Bytes{"0": 0, "1025": 1025, "3KiB": 3 * KiB, "512MiB": 512 * MiB, "1GiB": GiB, "1024GiB": 1024 * GiB} {
		var b Bytes
		require.NoError(t, b.UnmarshalText([]byte(text)))
		require.Equal(t, size, b)
		require.Equal(t, text, b.String())
	}
	for _, text := range []string{"", "GiB", "1GB", "-1MiB", "1.5GiB", "99999999999GiB", "1 e3"} {
		var b Bytes
		require.Error(t, b.UnmarshalText([]byte(text)), text)
	}
}
