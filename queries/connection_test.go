package queries_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// askAll asks each question once, one of them about the past, and returns the errors.
func askAll(ctx context.Context, r *queries.Reader) map[string]error {
	all := askAt(ctx, r, tenant, uuid.New(), atLeast(1))
	maps.Copy(all, askNow(ctx, r, 0))
	_, all["as of"] = r.List(ctx, tenant, queries.Filter{}, queries.Page{}, asOfTime(epoch))
	_, all["due"] = r.Due(ctx, now, 1)
	return all
}

func TestAMissingDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), "host=/nonexistent user=nobody")
	require.NoError(t, err)
	defer pool.Close()
	for name, err := range askAll(t.Context(), queries.New(pool, queries.Config{})) {
		require.Equal(t, domain.Unavailable, domain.KindOf(err), "%s: %v", name, err)
	}
}

func TestATimeoutIsUnavailable(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.Timeout = time.Nanosecond })
	for name, err := range askAll(t.Context(), w.reader) {
		require.Equal(t, domain.Unavailable, domain.KindOf(err), "%s: %v", name, err)
	}
}

func TestACallerThatCancelsGetsItsOwnError(t *testing.T) {
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range askAll(ctx, w.reader) {
		require.ErrorIs(t, err, context.Canceled, name)
		require.NotEqual(t, domain.Unavailable, domain.KindOf(err), name)
	}
}

func TestADatabaseErrorIsInternalAndReleasesTheConnection(t *testing.T) {
	w := setup(t)
	w.exec(t, `alter table agent_memories rename column metadata to meta`)
	for range 40 { // more often than the pool has connections
		_, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, queries.At{})
		require.Equal(t, domain.Internal, domain.KindOf(err))
	}
	w.exec(t, `alter table agent_memories rename column meta to metadata`)
	id := w.add(t, "x")
	require.Equal(t, []uuid.UUID{id}, ids(w.list(t, queries.Filter{}, queries.Page{}, queries.At{}).Memories), "no open transaction hides it")
}

func TestAnswersAgreeWithTheirPosition(t *testing.T) {
	w := setup(t)
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		for i := range 100 {
			w.tell(t, i)
			w.project(t, 0)
		}
	}()
	for last := int64(0); last < 100; {
		count, sequence, err := w.reader.Count(t.Context(), tenant, queries.Filter{}, 0)
		require.NoError(t, err)
		require.Equal(t, sequence, count)
		list := w.list(t, queries.Filter{}, queries.Page{Limit: queries.MaxLimit}, queries.At{})
		require.Len(t, list.Memories, int(list.SequenceID))
		last = sequence
	}
	<-writing
}
