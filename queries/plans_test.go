package queries

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/search"
)

// traced is a statement that was sent, with its arguments.
type traced struct {
	sql  string
	args []any
}

// recorder remembers the statements that a pool sends.
type recorder struct {
	mu   sync.Mutex
	sent []traced
}

func (r *recorder) record(sql string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, traced{sql, args})
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.record(data.SQL, data.Args)
	return ctx
}
func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (r *recorder) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	r.record(data.SQL, data.Args)
}
func (r *recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// large fills a database with 40,000 memories of two versions each: 20,000 of one agent and user, 20,000 of 200
// others. Each of the words of every stands in every n-th memory of a scope. The recorder sees what its pool sends.
func large(t *testing.T) (*pgxpool.Pool, *recorder) {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.DSN(t))
	require.NoError(t, err)
	sent := &recorder{}
	config.ConnConfig.Tracer = sent
	config.ConnConfig.RuntimeParams["jit"] = "off"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	for _, sql := range []string{`
create table told as
select n, gen_random_uuid() as id,
       case when n % 2 = 0 then 'ada' else 'agent ' || n % 20 end as agent_id,
       case when n % 2 = 0 then 'uma' else 'user ' || n % 200 end as user_id,
       timestamptz '2026-01-01' + n * interval '1 minute' as told_at,
       'plimtor' || coalesce((select string_agg(' ' || word, '')
                                from (values (3, 'zorblax'), (7, 'quintop'), (50, 'vexlum'), (400, 'drabnik'), (3000, 'wuzgord')) as every (nth, word)
                               where n / 2 % nth = 0), '') || ' ' || repeat('filler' || chr(97 + n % 13) || ' ', n % 30) as text
  from generate_series(1, 40000) as n`, `
insert into agent_memories (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
       expires_at, created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
select 'default', id, agent_id, user_id, 'fact', to_jsonb(text), n % 101 / 100.0, '{}', 'active',
       case when n % 1000 = 0 then told_at + interval '10 years' end,
       told_at, told_at + interval '30 days', 2, 40000 + n, told_at + interval '30 days', 'memory_revised', '', '' from told`, `
insert into agent_memory_history (tenant_id, id, version, agent_id, user_id, memory_type, content, confidence_score,
       metadata, state, created_at, updated_at, sequence_id, recorded_at, event_type, actor, reason,
       superseded_sequence_id, superseded_at)
select 'default', id, 1, agent_id, user_id, 'fact', to_jsonb(text), 0.5, '{}', 'active',
       told_at, told_at, n, told_at, 'memory_remembered', '', '', 40000 + n, told_at + interval '30 days' from told`, `
insert into projection_checkpoints (tenant_id, projection, projection_version, sequence_id)
values ('default', 'agent_memories', 1, 80000), ('default', 'search', 4, 80000)`, `
insert into logs (tenant_id, sequence_id, hash, created_at) values ('default', 80000, '', now())`, `
insert into events (tenant_id, sequence_id, event_id, stream_id, version, category, event_type, schema_version, agent_id, user_id,
       payload, metadata, occurred_at, created_at, hash)
select 'default', 60000, gen_random_uuid(), id, 2, 'memory', 'memory_revised', 1, agent_id, user_id, '{}', '{}', told_at, told_at, ''
  from told
 where n = 20000`,
	} {
		_, err := pool.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	indexTold(t, pool)
	for _, sql := range []string{
		`drop table told`,
		`analyze`,
	} {
		pgtest.Exec(t, pool, sql)
	}
	return pool, sent
}

// indexTold lets the projection index the second versions.
func indexTold(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	rows, err := pool.Query(t.Context(), "select n, id, agent_id, user_id, told_at, text from told order by n")
	require.NoError(t, err)
	var events []eventstore.Event
	var e eventstore.Event
	var text string
	_, err = pgx.ForEachRow(rows, []any{&e.SequenceID, &e.StreamID, &e.AgentID, &e.UserID, &e.OccurredAt, &text}, func() error {
		encoded := memory.Encode(memory.Remembered{Fields: memory.Fields{
			AgentID: e.AgentID, UserID: e.UserID, Type: "fact", Content: canonjson.Text(text), Metadata: canonjson.EmptyObject(),
		}})
		e.Version, e.SequenceID = 1, e.SequenceID+40_000
		e.Type, e.SchemaVersion, e.Payload, e.Contents = encoded.Type, encoded.SchemaVersion, encoded.Payload.Raw(), encoded.Contents.Raw()
		events = append(events, e)
		return nil
	})
	require.NoError(t, errors.Join(err, rows.Err()))
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "set local search_path = auren_search_g2, public"); err != nil {
			return err
		}
		for some := range slices.Chunk(events, 5000) {
			write, err := search.New().Prepare(t.Context(), "default", some)
			if err == nil {
				err = write(t.Context(), tx)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// plan explains statements in one of the modes of plan_cache_mode.
func plan(t *testing.T, pool *pgxpool.Pool, mode string, statements []traced) string {
	t.Helper()
	var plans strings.Builder
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "set local plan_cache_mode = "+mode); err != nil {
			return err
		}
		for _, s := range statements {
			rows, err := tx.Query(t.Context(), "explain (analyze, timing off) "+s.sql, s.args...)
			if err != nil {
				return err
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return err
			}
			plans.WriteString(s.sql + "\n" + strings.Join(lines, "\n") + "\n\n")
		}
		return nil
	}))
	return plans.String()
}

func TestAtSize(t *testing.T) {
	t.Parallel()
	pool, sent := large(t)
	t.Run("hot statements follow their indexes", func(t *testing.T) { hotStatementsFollowTheirIndexes(t, pool, sent) })
	t.Run("search finds the best though it does not look at all", func(t *testing.T) { searchFindsTheBest(t, pool) })
}

func hotStatementsFollowTheirIndexes(t *testing.T, pool *pgxpool.Pool, sent *recorder) {
	r := New(pool, Config{})
	ada := Filter{AgentID: "ada", UserID: "uma"}
	var page ListResult
	list := func(f Filter, p Page, at At) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			page, err = r.List(ctx, "default", f, p, at)
			return err
		}
	}
	// next asks for the page after the one that list just returned.
	next := func(f Filter, p Page, at At) func(context.Context) error {
		return func(ctx context.Context) error {
			p.Cursor = page.NextCursor
			return list(f, p, at)(ctx)
		}
	}
	find := func(query string, f Filter) func(context.Context) error {
		return func(ctx context.Context) error {
			result, err := r.Search(ctx, "default", SearchRequest{Query: query, Filter: f, Explain: true}, At{})
			if err == nil {
				require.Len(t, result.Hits, DefaultSearchLimit, query)
			}
			return err
		}
	}
	past := At{AsOf: AsOf{SequenceID: 60_000}}
	compare := func(request DiffRequest) func(context.Context) error {
		return func(ctx context.Context) error {
			request.From = past.AsOf
			_, err := r.Diff(ctx, "default", request)
			return err
		}
	}
	descending := Page{Descending: true}
	const buckets, tail = `search_postings_pkey .*\n +Index Cond: .* AND \(bucket = ANY`, `search_documents_pkey .*\n +Index Cond: .* AND \(doc >= `
	for _, c := range []struct {
		name  string
		ask   func(context.Context) error
		uses  []string
		sorts bool
	}{
		{"get", func(ctx context.Context) error {
			_, _, err := r.Get(ctx, "default", page.Memories[0].ID, At{})
			return err
		}, []string{"agent_memories_pkey"}, false},
		{"list", list(ada, descending, At{}), []string{"_created_idx"}, false},
		{"list, next page", next(ada, descending, At{}), []string{"_created_idx"}, false},
		{"list by update", list(ada, Page{Order: ByUpdated, Descending: true}, At{}), []string{"agent_memories_scope_updated_idx"}, false},
		{"list by confidence", list(ada, Page{Order: ByConfidence}, At{}), []string{"agent_memories_scope_confidence_idx"}, false},
		{"list by confidence, next page", next(ada, Page{Order: ByConfidence}, At{}), []string{"agent_memories_scope_confidence_idx"}, false},
		{"list by recording", list(Filter{}, Page{Order: ByRecorded, Descending: true}, At{}), []string{"agent_memories_sequence_idx"}, true},
		{"list by recording, next page", next(Filter{}, Page{Order: ByRecorded, Descending: true}, At{}), []string{"agent_memories_sequence_idx"}, true},
		{"list by recording of a small scope", list(Filter{AgentID: "agent 1", UserID: "user 101"}, Page{Order: ByRecorded}, At{}), []string{"agent_memories_(scope|user)_"}, true},
		{"list of a user", list(Filter{UserID: "uma"}, descending, At{}), []string{"agent_memories_user_created_idx"}, false},
		{"list of the tenant", list(Filter{}, descending, At{}), []string{"agent_memories_created_idx"}, false},
		{"list of the tenant, next page", next(Filter{}, descending, At{}), []string{"agent_memories_created_idx"}, false},
		{"list as of a position", list(ada, descending, past), []string{"_created_idx", "agent_memory_history_scope_idx"}, true},
		{"history", func(ctx context.Context) error {
			_, err := r.History(ctx, "default", page.Memories[0].ID, HistoryPage{}, At{})
			return err
		}, []string{"agent_memories_pkey", "agent_memory_history_pkey"}, true},
		{"statistics as of a position", func(ctx context.Context) error {
			_, err := r.Stats(ctx, "default", Filter{AgentID: "agent 1", UserID: "user 101"}, past)
			return err
		}, []string{"agent_memory_history_scope_idx"}, true},
		{"diff", compare(DiffRequest{}), []string{"agent_memories_sequence_idx", "agent_memory_history_(sequence|due)_idx", "agent_memories_due_idx", "_pkey"}, true},
		{"diff of a small scope", compare(DiffRequest{AgentID: "agent 1", UserID: "user 101"}), []string{"agent_memories_(scope|user|sequence)_"}, true},
		{"search", find("vexlum drabnik plimtor", ada), []string{buckets, tail, "agent_memories_pkey"}, true},
		{"search for a rare word", find("drabnik", ada), []string{buckets, tail}, true},
		{"search for a word that is misspelt", find("drabnick", ada), []string{buckets, tail}, true},
		{"search of an agent", find("vexlum plimtor", Filter{AgentID: "ada"}), []string{buckets, tail}, true},
		{"search of the tenant", find("drabnik plimtor", Filter{}), []string{buckets, tail}, true},
		{"search of a small scope", find("zorblax plimtor", Filter{AgentID: "agent 1", UserID: "user 101"}), []string{buckets, tail}, true},
		{"matching", func(ctx context.Context) error {
			_, err := r.MatchingIDs(ctx, "default", Filter{AgentID: "agent 1", UserID: "user 101"}, uuid.Nil, 100)
			return err
		}, []string{"agent_memories_(scope|user)_"}, true}, // the user has no other agent
		{"due", func(ctx context.Context) error {
			_, err := r.Due(ctx, time.Date(2036, 1, 5, 0, 0, 0, 0, time.UTC), 10)
			return err
		}, []string{"agent_memories_due_idx"}, true},
	} {
		require.True(t, t.Run(c.name, func(t *testing.T) {
			if page.Memories == nil {
				require.NoError(t, list(ada, Page{}, At{})(t.Context()))
			}
			sent.sent = nil
			require.NoError(t, c.ask(t.Context()))
			statements := slices.DeleteFunc(slices.Clone(sent.sent), func(s traced) bool {
				return !strings.Contains(s.sql, "from agent_memor") && !strings.Contains(s.sql, "search_documents")
			})
			// As PostgreSQL runs them once, and as it runs them when they are prepared for any arguments.
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				all := plan(t, pool, mode, statements)
				for _, index := range c.uses {
					require.Regexp(t, index, all)
				}
				for _, table := range []string{"agent_memories", "agent_memory_history", "search_documents", "search_postings"} {
					for line := range strings.Lines(all) {
						if !strings.Contains(line, "never executed") {
							require.NotContains(t, line, "Seq Scan on "+table+" ", "%s is read through", table)
						}
					}
				}
				require.NotRegexp(t, `(?i)offset [^0]`, all)
				if !c.sorts {
					require.NotContains(t, all, "Sort", "the index is in order already")
				}
			}
		}))
	}
}

func searchFindsTheBest(t *testing.T, pool *pgxpool.Pool) {
	r := New(pool, Config{})
	ada := Filter{AgentID: "ada", UserID: "uma"}
	find := func(request SearchRequest) []Hit {
		request.WithoutNeighbors, request.Explain = true, true
		result, err := r.Search(t.Context(), "default", request, At{})
		require.NoError(t, err)
		return result.Hits
	}
	words := func(hit Hit) map[string]int {
		found := map[string]int{}
		for _, w := range hit.Explain.Words {
			if w.Frequency > 0 {
				found[w.Word] = w.Documents
			}
		}
		return found
	}
	// 20,000 memories: wuzgord in 6 of them, drabnik in 50, zorblax in 6,666, plimtor in all.
	hits := find(SearchRequest{Query: "plimtor zorblax wuzgord", Filter: ada, Limit: 20})
	require.Len(t, hits, 20, "rare words find too few: common ones fill up")
	for i, hit := range hits {
		want := map[string]int{"plimtor": 20_000, "zorblax": 6_666}
		if i < 6 {
			want["wuzgord"] = 6
		}
		require.Equal(t, want, words(hit), i)
		require.EqualValues(t, 20_000, hit.Explain.Memories)
	}
	for _, hit := range find(SearchRequest{Query: "zorblax quintop", Filter: ada}) {
		require.Len(t, words(hit), 2, "of common words, a memory with all of them is found")
	}
	for _, hit := range find(SearchRequest{Query: "drabnik", Phrase: []string{"plimtor zorblax"}, Filter: ada}) {
		require.Contains(t, words(hit), "zorblax")
	}
	require.Len(t, find(SearchRequest{Query: "drabnik", MustNot: []string{"zorblax"}, Filter: ada, Limit: 100}), 34, "50 less those that hold both")
	low := 1.0
	for _, hit := range find(SearchRequest{Query: "plimtor", Filter: Filter{AgentID: "ada", UserID: "uma", MinConfidence: &low}}) {
		require.InDelta(t, 1.0, hit.Memory.Confidence, 0)
	}
}
