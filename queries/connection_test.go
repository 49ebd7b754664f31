package queries_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// ask asks each kind of question once and returns the errors.
func ask(ctx context.Context, r *queries.Reader) map[string]error {
	_, list := r.List(ctx, tenant, queries.Filter{}, queries.Page{}, queries.At{})
	_, past := r.List(ctx, tenant, queries.Filter{}, queries.Page{}, asOfTime(epoch))
	_, search := r.Search(ctx, tenant, queries.SearchRequest{Query: "tea"}, 0)
	_, due := r.Due(ctx, now, 1)
	_, waited := r.List(ctx, tenant, queries.Filter{}, queries.Page{}, atLeast(1))
	return map[string]error{"list": list, "past": past, "search": search, "due": due, "waited": waited}
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig("host=/nonexistent user=nobody")
	require.NoError(t, err)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	for name, err := range ask(t.Context(), queries.New(pool, queries.Config{})) {
		require.Equal(t, domain.Unavailable, domain.KindOf(err), "%s: %v", name, err)
	}
}

func TestATimeoutIsUnavailable(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.Timeout = time.Nanosecond })
	for name, err := range ask(t.Context(), w.reader) {
		require.Equal(t, domain.Unavailable, domain.KindOf(err), "%s: %v", name, err)
	}
}

func TestACallerWhoLeavesGetsItsOwnError(t *testing.T) {
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range ask(ctx, w.reader) {
		require.ErrorIs(t, err, context.Canceled, name)
		require.NotEqual(t, domain.Unavailable, domain.KindOf(err), name)
	}
}

func TestAnErrorOfTheDatabaseIsInternalAndLeavesNoConnectionBehind(t *testing.T) {
	w := setup(t)
	w.exec(t, `alter table agent_memories rename column metadata to meta`)
	w.exec(t, `alter table agent_memory_search rename to elsewhere`)
	for range 40 { // more often than the pool has connections
		_, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, queries.At{})
		require.Equal(t, domain.Internal, domain.KindOf(err))
	}
	w.exec(t, `alter table agent_memories rename column meta to metadata`)
	w.exec(t, `alter table elsewhere rename to agent_memory_search`)
	id := w.add(t, "x")
	list, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, queries.At{})
	require.NoError(t, err)
	require.Len(t, list.Memories, 1, "a new snapshot, not that of a transaction that was left open")
	require.Equal(t, id, list.Memories[0].ID)
}

func TestAnswersAgreeWithTheirPosition(t *testing.T) {
	w := setup(t)
	reader := queries.New(w.pool, queries.Config{})
	writing, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for writing.Err() == nil {
			tx, err := w.pool.Begin(context.Background())
			if err != nil {
				return
			}
			_, _ = tx.Exec(context.Background(), `
insert into agent_memories (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
       created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
select 'default', gen_random_uuid(), 'a', 'u', 'fact', '1', 1, '{}', 'active', now(), now(), 1, 0, now(), '', '', ''`)
			_, _ = tx.Exec(context.Background(), `
insert into projection_checkpoints (tenant_id, projection, projection_version, sequence_id)
values ('default', 'agent_memories', 1, 1)
    on conflict (tenant_id, projection) do update set sequence_id = projection_checkpoints.sequence_id + 1`)
			_ = tx.Commit(context.Background())
		}
	}()
	for last := int64(0); last < 100; {
		count, sequence, err := reader.Count(t.Context(), tenant, queries.Filter{}, 0)
		require.NoError(t, err)
		require.Equal(t, sequence, count)
		list, err := reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{Limit: queries.MaxLimit}, queries.At{})
		require.NoError(t, err)
		require.Len(t, list.Memories, int(min(list.SequenceID, queries.MaxLimit)))
		last = sequence
	}
	stop()
	<-done
}
