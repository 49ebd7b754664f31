package queries_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
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
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const tenant = domain.DefaultTenant

// epoch is when the first event of every test was recorded; now is an hour later.
var (
	epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now   = epoch.Add(time.Hour)
)

// world is a database whose log and tables are written by the commands and the projections, on a clock of the test.
type world struct {
	pool     *pgxpool.Pool
	handler  *commands.Handler
	reader   *queries.Reader
	runners  []*runner.Runner // of agent_memories and search
	sequence map[domain.Tenant]int64
	clock    time.Time // of the commands
}

func setup(t *testing.T, options ...func(*queries.Config)) *world {
	t.Helper()
	t.Parallel()
	w := &world{pool: pgtest.New(t), sequence: map[domain.Tenant]int64{}}
	config := queries.Config{Now: func() time.Time { return now }}
	for _, option := range options {
		option(&config)
	}
	w.reader = queries.New(w.pool, config)
	pool := w.onItsClock(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	w.handler = commands.New(log, appends, commands.Config{Now: func() time.Time { return w.clock }})
	watcher := eventstore.NewWatcher(w.pool, eventstore.LogChannel, zap.NewNop())
	for _, p := range []projections.Projection{agentmemories.Projection{}, search.New()} {
		w.runners = append(w.runners, runner.New(w.pool, log, watcher, runner.Config{}, p))
	}
	return w
}

// onItsClock returns a pool on which PostgreSQL takes the time of recording from a table.
func (w *world) onItsClock(t *testing.T) *pgxpool.Pool {
	t.Helper()
	for _, sql := range []string{
		`create schema clock`,
		`create table clock.now as select timestamptz 'epoch' as at`,
		`create function clock.clock_timestamp() returns timestamptz language sql volatile as 'select at from clock.now'`,
	} {
		w.exec(t, sql)
	}
	config := w.pool.Config()
	config.ConnConfig.RuntimeParams["search_path"] = "clock, pg_catalog, public"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// told is what to remember, by whom, and what becomes of it.
type told struct {
	commands.Request
	remember commands.Remember
	then     change
}

func (w *world) told(options []func(*told)) told {
	m := told{Request: commands.Request{Tenant: tenant, Meta: domain.Meta{Actor: "tester"}}}
	m.remember.AgentID, m.remember.UserID, m.remember.Confidence = "ada", "uma", new(0.5)
	for _, option := range options {
		option(&m)
	}
	return m
}

// add remembers something of agent "ada" about user "uma", changed by the options, and projects it. Each event of a tenant is
// recorded a second after the one before it.
func (w *world) add(t *testing.T, content any, options ...func(*told)) uuid.UUID {
	t.Helper()
	id := w.tell(t, content, options...)
	w.project(t)
	return id
}

// tell is add without the projections.
func (w *world) tell(t *testing.T, content any, options ...func(*told)) (id uuid.UUID) {
	t.Helper()
	encoded, err := json.Marshal(content)
	require.NoError(t, err)
	m := w.told(options)
	m.remember.Content = canonjson.MustParse(string(encoded))
	w.command(t, m.Tenant, func(ctx context.Context) error {
		receipt, err := w.handler.Remember(ctx, m.Request, m.remember)
		id = receipt.ID
		return err
	})
	if m.then != nil {
		w.change(t, id, m.then, in(m.Tenant))
	}
	return id
}

// command runs a command, by which one event is recorded.
func (w *world) command(t *testing.T, tenant domain.Tenant, do func(context.Context) error) {
	t.Helper()
	w.clock = recorded(int(w.sequence[tenant]) + 1)
	w.exec(t, `update clock.now set at = $1`, w.clock)
	require.NoError(t, do(context.Background()))
	w.sequence[tenant]++
}

// project brings projections up to date, all unless some are named: 0 is agent_memories, 1 is search.
func (w *world) project(t *testing.T, which ...int) {
	t.Helper()
	for i, r := range w.runners {
		if which == nil || slices.Contains(which, i) {
			require.NoError(t, r.CatchUp(context.Background()))
		}
	}
}

// change changes a memory, by one event, and projects it.
type change func(context.Context, *world, commands.Request, uuid.UUID) error

func (w *world) change(t *testing.T, id uuid.UUID, do change, options ...func(*told)) {
	t.Helper()
	m := w.told(options)
	w.command(t, m.Tenant, func(ctx context.Context) error { return do(ctx, w, m.Request, id) })
	w.project(t)
}

func forget(ctx context.Context, w *world, r commands.Request, id uuid.UUID) error {
	_, err := w.handler.Forget(ctx, r, id)
	return err
}

func restore(ctx context.Context, w *world, r commands.Request, id uuid.UUID) error {
	_, err := w.handler.Restore(ctx, r, id)
	return err
}

func expire(ctx context.Context, w *world, r commands.Request, id uuid.UUID) error {
	due := func(context.Context, time.Time, int) ([]memory.Key, error) {
		return []memory.Key{{Tenant: r.Tenant, ID: id}}, nil
	}
	_, err := commands.NewSweeper(w.handler, due, commands.SweeperConfig{}, zap.NewNop()).SweepOnce(ctx)
	return err
}

func revise(content string) change {
	return reviseTo(memory.Revision{Content: canonjson.MustParse(content)})
}

func reviseTo(revision memory.Revision) change {
	return func(ctx context.Context, w *world, r commands.Request, id uuid.UUID) error {
		_, err := w.handler.Revise(ctx, r, id, revision)
		return err
	}
}

func adjust(confidence float64) change {
	return func(ctx context.Context, w *world, r commands.Request, id uuid.UUID) error {
		_, err := w.handler.AdjustConfidence(ctx, r, id, confidence)
		return err
	}
}

// evidence changes nothing but when the memory was updated.
func evidence(at time.Time) change {
	return func(ctx context.Context, w *world, r commands.Request, id uuid.UUID) error {
		w.clock = at
		_, err := w.handler.RecordEvidence(ctx, r, id, memory.Evidence{Weight: new(float64)})
		return err
	}
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := w.pool.Exec(context.Background(), sql, args...)
	require.NoError(t, err)
}

// recorded is when an event was recorded.
func recorded(sequence int) time.Time { return epoch.Add(time.Duration(sequence-1) * time.Second) }

func scope(agent, user string) func(*told) {
	return func(m *told) { m.remember.AgentID, m.remember.UserID = agent, user }
}
func confidence(c float64) func(*told) { return func(m *told) { m.remember.Confidence = &c } }
func expires(at time.Time) func(*told) { return func(m *told) { m.remember.ExpiresAt = &at } }
func valid(from, to time.Time) func(*told) {
	return func(m *told) { m.remember.ValidFrom, m.remember.ValidTo = &from, &to }
}
func kind(name string) func(*told) { return func(m *told) { m.remember.Type = name } }
func metadata(json string) func(*told) {
	return func(m *told) { m.remember.Metadata = canonjson.MustParse(json) }
}
func in(tenant domain.Tenant) func(*told) { return func(m *told) { m.Tenant = tenant } }
func created(at time.Time) func(*told)    { return func(m *told) { m.remember.OccurredAt = &at } }
func then(do change) func(*told)          { return func(m *told) { m.then = do } }
func updated(at time.Time) func(*told)    { return then(evidence(at)) }
func because(who, reason string) func(*told) {
	return func(m *told) { m.Meta.Actor, m.Reason = who, reason }
}
func asOf(sequence int64) queries.At       { return queries.At{AsOf: queries.AsOf{SequenceID: sequence}} }
func asOfTime(moment time.Time) queries.At { return queries.At{AsOf: queries.AsOf{Time: moment}} }
func atLeast(sequence int64) queries.At    { return queries.At{MinSequenceID: sequence} }

func (w *world) get(t *testing.T, id uuid.UUID, at queries.At) queries.Memory {
	t.Helper()
	m, _, err := w.reader.Get(t.Context(), tenant, id, at)
	require.NoError(t, err)
	return m
}

func (w *world) list(t *testing.T, f queries.Filter, p queries.Page, at queries.At) queries.ListResult {
	t.Helper()
	result, err := w.reader.List(t.Context(), tenant, f, p, at)
	require.NoError(t, err)
	return result
}

// walk follows the cursors of a list to its end.
func (w *world) walk(t *testing.T, p queries.Page, at queries.At, between func()) (all []queries.Memory) {
	t.Helper()
	for {
		result := w.list(t, queries.Filter{}, p, at)
		require.LessOrEqual(t, len(result.Memories), p.Limit)
		all = append(all, result.Memories...)
		if p.Cursor = result.NextCursor; p.Cursor == "" {
			return all
		}
		between()
	}
}

func (w *world) search(t *testing.T, request queries.SearchRequest) queries.SearchResult {
	t.Helper()
	result, err := w.reader.Search(t.Context(), tenant, request, queries.At{})
	require.NoError(t, err)
	return result
}

// askAt asks each question that can be asked about the past, and returns the errors.
func askAt(ctx context.Context, r *queries.Reader, tenant domain.Tenant, id uuid.UUID, at queries.At) map[string]error {
	_, _, get := r.Get(ctx, tenant, id, at)
	_, list := r.List(ctx, tenant, queries.Filter{}, queries.Page{}, at)
	_, history := r.History(ctx, tenant, id, queries.HistoryPage{}, at)
	_, stats := r.Stats(ctx, tenant, queries.Filter{}, at)
	_, recent := r.Recent(ctx, tenant, queries.Filter{}, 1, 0, at)
	return map[string]error{"get": get, "list": list, "history": history, "stats": stats, "recent": recent}
}

// askNow asks each question that is about the present only, and returns the errors.
func askNow(ctx context.Context, r *queries.Reader, minSequenceID int64) map[string]error {
	_, search := r.Search(ctx, tenant, queries.SearchRequest{Query: "first"}, queries.At{MinSequenceID: minSequenceID})
	_, _, count := r.Count(ctx, tenant, queries.Filter{}, minSequenceID)
	return map[string]error{"search": search, "count": count}
}

func ids(memories []queries.Memory) (all []uuid.UUID) {
	for _, m := range memories {
		all = append(all, m.ID)
	}
	return all
}

// requireInvalid checks that an error is the caller's fault and names the field.
func requireInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *domain.Error
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, domain.Invalid, invalid.Kind)
	require.Equal(t, field, invalid.Field)
}
