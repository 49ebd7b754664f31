package stack

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/config"
)

func TestAConfiguredServerTakesPrecedence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(addressesFile(dir), []byte(`{"http":"http://127.0.0.1:1234"}`), 0o600))
	a := &Settings{Config: config.Config{DataDir: dir, HTTPAddr: config.DefaultHTTPAddr}}
	require.Equal(t, "http://127.0.0.1:1234", a.ServerURL())
	a.Config.HTTPAddr = "127.0.0.1:9"
	require.Equal(t, "http://127.0.0.1:9", a.ServerURL())
}
