package stack

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

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
