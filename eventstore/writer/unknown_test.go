package writer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

// ErrUnavailable promises that nothing was written.
func TestAnUnknownOutcomeIsNotUnavailable(t *testing.T) {
	t.Parallel()
	l := newLink(t, pgtest.DSN(t))
	l.store.add(t, one())
	l.cut.after.Store(true)
	l.refusals.Store(1)
	_, err := l.store.Append(t.Context(), one())
	require.ErrorIs(t, err, eventstore.ErrOutcomeUnknown)
	require.Len(t, requireChain(t, l.store), 2, "it was written")
	require.NotErrorIs(t, err, eventstore.ErrUnavailable)
}
