package search_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type fixture struct {
	pool    *pgxpool.Pool
	log     *eventstore.Log
	writer  *writer.Writer
	handler *commands.Handler
}

func setup(t *testing.T) fixture {
	t.Helper()
	pool := pgtest.New(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	return fixture{pool: pool, log: log, writer: appends, handler: commands.New(log, appends, commands.Config{})}
}

var req = commands.Request{Tenant: domain.DefaultTenant}

func (f fixture) project(t *testing.T, batch int) {
	t.Helper()
	watcher := eventstore.NewWatcher(f.pool, eventstore.LogChannel, zap.NewNop())
	r := runner.New(f.pool, f.log, watcher, runner.Config{Batch: batch}, search.New())
	require.NoError(t, r.CatchUp(t.Context()))
}

func (f fixture) remember(t *testing.T, user, content string) uuid.UUID {
	t.Helper()
	r, err := f.handler.Remember(t.Context(), req, commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: user, Type: "observation", Content: canonjson.MustParse(content)}})
	require.NoError(t, err)
	return r.ID
}

// found lists the active memories that hold all words of a query.
func (f fixture) found(t *testing.T, query string) []uuid.UUID {
	t.Helper()
	rows, err := f.pool.Query(t.Context(), `
		select id from agent_memory_search
		 where tenant_id = $1 and is_active and vector @@ plainto_tsquery('english', $2)
		 order by id`, domain.DefaultTenant, query)
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	require.NoError(t, err)
	return ids
}

// requireExactScopes requires the stored counts to equal the counted rows.
func (f fixture) requireExactScopes(t *testing.T) {
	t.Helper()
	var differences int
	require.NoError(t, f.pool.QueryRow(t.Context(), `
		select count(*)
		  from (select tenant_id, agent_id, user_id, count(*) filter (where is_active) as memories,
		               coalesce(sum(words) filter (where is_active), 0) as words
		          from agent_memory_search
		         group by 1, 2, 3) as r
		  full join agent_memory_search_scopes as s using (tenant_id, agent_id, user_id)
		 where (r.memories, r.words) is distinct from (s.memories, s.words)`).Scan(&differences))
	require.Zero(t, differences)
}

func TestSearchRowsFollowTheirMemory(t *testing.T) {
	t.Parallel()
	// Once with each event in a batch of its own, once with all in one batch.
	for _, batch := range []int{1, 1000} {
		t.Run(fmt.Sprint("batch ", batch), func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			ctx := t.Context()
			a := f.remember(t, "ana", `{"note": "sleeps badly after coffee", "cups": 3}`)
			b := f.remember(t, "ana", `"runs every morning"`)
			c := f.remember(t, "bo", `["coffee", {"deep": {"er": ["magnesium"]}}]`)
			f.project(t, batch)
			require.ElementsMatch(t, []uuid.UUID{a, c}, f.found(t, "coffee"))
			require.Equal(t, []uuid.UUID{a}, f.found(t, "sleep coffee 3"), "stemmed words and numbers are found")
			require.Empty(t, f.found(t, "note"), "keys are not")
			require.Equal(t, []uuid.UUID{c}, f.found(t, "magnesium"))
			require.Len(t, f.found(t, "observation"), 3)
			f.requireExactScopes(t)

			_, err := f.handler.Revise(ctx, req, a, memory.Revision{Content: canonjson.MustParse(`"drinks tea"`), Metadata: canonjson.MustParse(`{"source": "diary"}`)})
			require.NoError(t, err)
			_, err = f.handler.AdjustConfidence(ctx, req, a, 0.9)
			require.NoError(t, err)
			_, err = f.handler.Forget(ctx, req, b)
			require.NoError(t, err)
			_, err = f.handler.Forget(ctx, req, c)
			require.NoError(t, err)
			_, err = f.handler.Restore(ctx, req, c)
			require.NoError(t, err)
			f.project(t, batch)
			require.Equal(t, []uuid.UUID{c}, f.found(t, "coffee"))
			require.Equal(t, []uuid.UUID{a}, f.found(t, "tea diary"))
			require.Empty(t, f.found(t, "runs"))
			f.requireExactScopes(t)

			var confidence float64
			var sequenceID int64
			require.NoError(t, f.pool.QueryRow(ctx, "select confidence_score, sequence_id from agent_memory_search where id = $1", a).
				Scan(&confidence, &sequenceID))
			require.Equal(t, 0.9, confidence)
			require.Equal(t, int64(5), sequenceID)

			_, err = f.handler.Restore(ctx, req, b)
			require.NoError(t, err)
			f.project(t, batch)
			require.Equal(t, []uuid.UUID{b}, f.found(t, "runs"), "a restored memory is found again")
			f.requireExactScopes(t)
		})
	}
}

func TestManyVectorsAtOnceStayWithTheirMemories(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const n = 950
	batch := make([]commands.Remember, n)
	for i := range batch {
		batch[i] = commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: fmt.Sprint("user", i%7), Content: canonjson.MustParse(fmt.Sprintf(`"word%d and more"`, i))}}
	}
	results, err := f.handler.RememberBatch(t.Context(), req, batch)
	require.NoError(t, err)
	f.project(t, 1000)
	for i, r := range results {
		require.NoError(t, r.Err)
		require.Equal(t, []uuid.UUID{r.Receipt.ID}, f.found(t, fmt.Sprint("word", i)))
	}
	f.requireExactScopes(t)
}

func TestAnyTextCanBeIndexed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	// The texts with the largest vectors: distinct words, alone, hyphenated, as addresses.
	for _, form := range []string{"%s ", "%s-", "%[1]s.io/%[1]s ", "%s-b-c ", "%[1]s-%[1]sx ", "a.io/%s ", "-%s", "x@%s.com ", "a_"} {
		var text strings.Builder
		for i := 0; text.Len() < 1_000_000; i++ {
			fmt.Fprintf(&text, form, letters(i))
		}
		raw, err := json.Marshal(text.String())
		require.NoError(t, err)
		f.remember(t, "ana", string(raw))
	}
	f.project(t, 0)
	var rows int
	require.NoError(t, f.pool.QueryRow(t.Context(), "select count(*) from agent_memory_search").Scan(&rows))
	require.Equal(t, 9, rows)
}

// letters writes a number in letters.
func letters(i int) string {
	text := ""
	for i += 26; i > 0; i /= 26 {
		text += string(rune('a' + i%26))
	}
	return text
}
