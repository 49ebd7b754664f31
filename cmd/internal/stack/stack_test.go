package stack

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/domain"
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

func TestPartsStopInReverseOrder(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := NewLifecycle(zap.NewNop())
	var stopped []string
	l.add("first", func(context.Context) error { stopped = append(stopped, "first"); return nil })
	l.run("second", func(ctx context.Context) error {
		<-ctx.Done()
		stopped = append(stopped, "second")
		return ctx.Err()
	})
	l.add("third", func(context.Context) error { stopped = append(stopped, "third"); return errors.New("stuck") })

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, l.Wait(ctx))
	require.ErrorContains(t, l.Stop(), "stop third: stuck")
	require.Equal(t, []string{"third", "second", "first"}, stopped)
	require.NoError(t, l.Stop(), "a second stop does nothing")
}

func TestAFailedPartEndsTheWait(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := NewLifecycle(zap.NewNop())
	l.run("patient", func(ctx context.Context) error { <-ctx.Done(); return nil })
	l.run("broken", func(context.Context) error { return errors.New("out of order") })
	l.run("broken too", func(context.Context) error { return errors.New("as well") })
	require.Regexp(t, "^broken( too)?: ", l.Wait(t.Context()))
	require.NoError(t, l.Stop())
}

func TestProjectionStatusIsUnavailableWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), "postgres://nobody:s3cret@127.0.0.1:1/x")
	require.NoError(t, err)
	defer pool.Close()
	_, err = (&Services{Client: &Client{Pool: pool}}).projections(t.Context())
	require.Equal(t, domain.Unavailable, domain.KindOf(err))
}
