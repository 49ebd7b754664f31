package projections_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

// searches are asked of every position. Their answers hold whatever a search reads.
var searches = []queries.SearchRequest{
	{Query: "tea runs", Limit: queries.MaxSearchLimit},
	{Query: "what sleeps?", Filter: queries.Filter{AgentID: "coach", UserID: "ana"}},
	{Query: "zurich 😀 2026", Filter: queries.Filter{MemoryTypes: []string{"fact"}}},
	{Query: "slleps tea", WithoutNeighbors: true},                                                       // a typing error
	{Query: "sleeps", MustNot: []string{"runs"}, Weights: queries.Weights{Recency: .2, Confidence: .3}}, // the clock counts
	{Prefix: "ru", Filter: queries.Filter{UserID: "bo"}},
	{Query: `"tea sleeps" k`, Must: []string{"tea"}},
}

// question is one of the searches at a position.
type question struct {
	tenant     domain.Tenant
	sequenceID int64
	search     int
}

// asked are the answers that were given when a position was the last one.
type asked struct {
	*world
	filled  int64 // so many events come before those that are asked about one by one
	mu      sync.Mutex
	moments map[domain.Tenant][]time.Time // when each event was recorded
	answers map[question]string
}

// ask asks for what a tenant's tables hold now, on the clock of the last event in them.
func (a *asked) ask(ctx context.Context, t *rapid.T, tenant domain.Tenant, sequenceID int64, how string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.moments[tenant][sequenceID-1]
	for i := range searches {
		answer := a.answer(ctx, t, tenant, i, queries.At{})
		q := question{tenant, sequenceID, i}
		if before, ok := a.answers[q]; ok {
			require.Equal(t, before, answer, "%s %+v", how, q)
		}
		a.answers[q] = answer
	}
}

func (a *asked) answer(ctx context.Context, t *rapid.T, tenant domain.Tenant, i int, at queries.At) string {
	request := searches[i]
	request.Explain = true
	result, err := a.reader.Search(ctx, tenant, request, at)
	require.NoError(t, err)
	for _, hit := range result.Hits {
		require.Equal(t, queries.StateActive, hit.Memory.State)
	}
	result.NextCursor = "" // it names the as of
	text, err := json.MarshalIndent(result, "", " ")
	require.NoError(t, err)
	return string(text)
}

// readMoments reads when the events were recorded and returns how many there are.
func (a *asked) readMoments(ctx context.Context, t *rapid.T, tenant domain.Tenant) int64 {
	page, err := a.log.ReadLog(ctx, tenant, 0, eventstore.Filter{}, 1_000_000)
	require.NoError(t, err)
	a.moments[tenant] = nil
	for _, e := range page.Events {
		a.moments[tenant] = append(a.moments[tenant], e.CreatedAt)
	}
	return page.Head
}

// askNow projects all events and asks.
func (a *asked) askNow(ctx context.Context, t *rapid.T) {
	a.project(ctx, t)
	for _, tenant := range tenants {
		a.ask(ctx, t, tenant, a.readMoments(ctx, t, tenant), "again")
	}
	a.now = time.Time{}
}

// askEventByEvent projects the log into an empty index and asks after each event.
func (a *asked) askEventByEvent(ctx context.Context, t *rapid.T) {
	_, err := a.pool.Exec(ctx, `
		delete from search_scopes; delete from search_documents; delete from search_tails; delete from search_segments; delete from search_postings;
		delete from search_ends; delete from search_terms; delete from projection_checkpoints where projection = 'search'`)
	require.NoError(t, err)
	reached := map[domain.Tenant]int64{}
	config := runner.Config{Batch: 1, Concurrency: 1, Applied: func(_ string, tenant domain.Tenant, events int) {
		reached[tenant] += int64(events)
		if n := reached[tenant]; n >= a.filled || n%100 == 0 {
			a.ask(ctx, t, tenant, n, "event by event")
		}
	}}
	watcher := eventstore.NewWatcher(a.pool, eventstore.LogChannel, zap.NewNop())
	require.NoError(t, runner.New(a.pool, a.log, watcher, config, search.New()).CatchUp(ctx))
}

// A search as of an event answers, to the letter, what it answered when that event was the last.
func TestASearchOfThePastAnswersWhatItAnsweredThen(t *testing.T) {
	t.Parallel()
	newWorld(t).close() // starts the database server before the clock
	deadline := time.Now().Add(checkFor())
	histories, positions, failed := 0, 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if !failed && time.Now().After(deadline) {
			return
		}
		defer func() { failed = failed || rt.Failed() }()
		ctx := rt.Context()
		a := &asked{world: newWorld(t), moments: map[domain.Tenant][]time.Time{}, answers: map[question]string{}}
		defer a.close()
		if rapid.IntRange(0, 3).Draw(rt, "fill a segment") == 0 || histories == 0 {
			a.filled = int64(rapid.IntRange(124, 127).Draw(rt, "filled"))
			a.fill(rt, int(a.filled))
		}
		a.rememberSome(rt)
		actions := a.actions(ctx)
		actions["ask"] = func(t *rapid.T) { a.askNow(ctx, t) }
		for range 3 { // a single history is short
			rt.Repeat(actions)
		}
		a.askNow(ctx, rt)
		a.askEventByEvent(ctx, rt)
		a.now = time.Now().Add(time.Hour)
		for q, then := range a.answers {
			require.Equal(rt, then, a.answer(ctx, rt, q.tenant, q.search, queries.At{AsOf: queries.AsOf{SequenceID: q.sequenceID}}), "as of %+v", q)
		}
		histories, positions = histories+1, positions+len(a.answers)/len(searches)
	})
	t.Logf("%d histories of %d positions", histories, positions)
}

// fill remembers so many memories at once that a few more fill a segment.
func (w *world) fill(t *rapid.T, n int) {
	texts := rapid.SliceOfN(rapid.Custom(drawContent), 20, 20).Draw(t, "contents")
	for _, tenant := range tenants {
		batch := make([]commands.Remember, n)
		for i := range batch {
			batch[i] = commands.Remember{ID: new(uuid.New()), Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: texts[i*i%len(texts)]}}
		}
		_, err := w.handler.RememberBatch(t.Context(), commands.Request{Tenant: tenant}, batch)
		require.NoError(t, err)
	}
}
