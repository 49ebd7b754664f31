package snapshot_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/snapshot"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestAReadWaitsWhileMaxConcurrentAreRead(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for _, conn := range []*pgxpool.Conn{acquire(t, pool), acquire(t, pool), acquire(t, pool)} {
		conn.Release() // so that a third read would have its connection at once
	}
	source := snapshot.New(pool, snapshot.Config{MaxConcurrent: 2})
	begun, ended := make(chan struct{}), make(chan struct{})
	end := sync.OnceFunc(func() { close(ended) })
	defer end()
	var reads errgroup.Group
	for range 2 {
		reads.Go(func() error {
			return source.Connected(context.Background(), func(context.Context, *pgxpool.Conn) error {
				begun <- struct{}{}
				<-ended
				return nil
			})
		})
	}
	<-begun
	<-begun
	nothing := func(context.Context, *pgxpool.Conn) error { return nil }
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.Equal(t, domain.Unavailable, domain.KindOf(source.Connected(short, nothing)))
	end()
	require.NoError(t, reads.Wait())
	require.NoError(t, source.Connected(t.Context(), nothing))
}

func acquire(t *testing.T, pool *pgxpool.Pool) *pgxpool.Conn {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	return conn
}
