package pgtest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone"
)

// Server is a private server of one test, for tests that stop, kill or restart it.
type Server struct {
	*standalone.Postgres
	config standalone.PostgresConfig
}

// NewServer starts a server with the settings of production, fsync among them, and migrates its database auren:
// DSN is the server's own. It goes when the test ends. It needs no Main.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{config: standalone.PostgresConfig{
		DataDir:  DataDir(t),
		Settings: map[string]string{"shared_buffers": "128MB"},
	}}
	s.start(t)
	t.Cleanup(func() { require.NoError(t, s.Kill()) })
	require.NoError(t, migrate(t.Context(), s.DSN()))
	return s
}

// Restart kills the server if it runs and starts it again on the same data and the same DSN.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	require.NoError(t, s.Kill())
	s.start(t)
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	server, err := standalone.StartPostgres(ctx, s.config)
	require.NoError(t, err)
	s.Postgres = server
}

// DataDir returns an empty directory that serves as a data directory also for root, whose t.TempDir the account
// of PostgreSQL could not enter. It goes when the test ends, once a server whose AUREN was killed has shut down and
// writes there no longer.
func DataDir(t testing.TB) string {
	t.Helper()
	dir, err := makeDir()
	require.NoError(t, err)
	t.Cleanup(func() {
		require.EventuallyWithT(t, func(c *assert.CollectT) { assert.NoError(c, os.RemoveAll(dir)) },
			deadline, 10*time.Millisecond)
	})
	return dir
}
