package rebuild_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections/rebuild"
)

// line is a connection that breaks, once armed, when the server has answered the next commit.
type line struct {
	net.Conn
	armed    *atomic.Bool
	breaking atomic.Bool
}

func (l *line) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("commit\x00")) && l.armed.Swap(false) {
		l.breaking.Store(true)
	}
	return l.Conn.Write(b)
}

func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if err == nil && l.breaking.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestALostAnswerToTheSwitchIsRecovered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 20))
	f.project(t)
	live := f.contents(t)
	var armed atomic.Bool
	config := f.pool.Config()
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &line{Conn: conn, armed: &armed}, nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	err = rebuild.Run(t.Context(), pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		armed.Store(p.Phase == rebuild.Switching)
	}})
	require.NoError(t, err)
	require.False(t, armed.Load(), "an answer was lost")
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
}
