package main

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
	p := newParts(zap.NewNop())
	var stopped []string
	p.add("first", func(context.Context) error { stopped = append(stopped, "first"); return nil })
	p.run("second", func(ctx context.Context) error {
		<-ctx.Done()
		stopped = append(stopped, "second")
		return ctx.Err()
	})
	p.add("third", func(context.Context) error { stopped = append(stopped, "third"); return errors.New("stuck") })

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, p.wait(ctx))
	require.ErrorContains(t, p.stop(), "stop third: stuck")
	require.Equal(t, []string{"third", "second", "first"}, stopped)
	require.NoError(t, p.stop(), "once is enough")
}

func TestThePartThatFailsEndsTheWait(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := newParts(zap.NewNop())
	p.run("patient", func(ctx context.Context) error { <-ctx.Done(); return nil })
	p.run("broken", func(context.Context) error { return errors.New("out of order") })
	p.run("broken too", func(context.Context) error { return errors.New("as well") })
	require.Regexp(t, "^broken( too)?: ", p.wait(t.Context()))
	require.NoError(t, p.stop())
}
