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
	for _, p := range []projections.Projection{agentmemories.Projection{}, search.New(search.Config{})} {
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

// told is a memory to add: what was said, by whom, and what became of it.
type told struct {
	tenant   domain.Tenant
	meta     domain.Meta
	reason   string
	remember commands.Remember
	state    string
	updated  time.Time
}

// add remembers something of agent "ada" about user "uma", changed by the options, and projects it. Each event of a tenant is
// recorded a second after the one before it.
func (w *world) add(t *testing.T, content any, options ...func(*told)) uuid.UUID {
	t.Helper()
	id := w.tell(t, content, options...)
	w.project(t)
	return id
}

// tell is add, but for the projections.
func (w *world) tell(t *testing.T, content any, options ...func(*told)) uuid.UUID {
	t.Helper()
	encoded, err := json.Marshal(content)
	require.NoError(t, err)
	text, err := canonjson.Parse(encoded)
	require.NoError(t, err)
	half := 0.5
	m := told{tenant: tenant, meta: domain.Meta{Actor: "tester"},
		remember: commands.Remember{Draft: memory.Draft{AgentID: "ada", UserID: "uma", Content: text, Confidence: &half}}}
	for _, option := range options {
		option(&m)
	}
	var id uuid.UUID
	w.command(t, m.tenant, func(ctx context.Context) (err error) {
		receipt, err := w.handler.Remember(ctx, commands.Request{Tenant: m.tenant, Meta: m.meta, Reason: m.reason}, m.remember)
		id = receipt.ID
		return err
	})
	if !m.updated.IsZero() {
		w.change(t, id, evidence(m.updated), in(m.tenant))
	}
	switch m.state {
	case "forgotten":
		w.change(t, id, forget, in(m.tenant))
	case "expired":
		w.change(t, id, expire, in(m.tenant))
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

// project brings projections up to date; all of them, unless some are named.
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
	m := told{tenant: tenant, meta: domain.Meta{Actor: "tester"}}
	for _, option := range options {
		option(&m)
	}
	w.command(t, m.tenant, func(ctx context.Context) error {
		return do(ctx, w, commands.Request{Tenant: m.tenant, Meta: m.meta, Reason: m.reason}, id)
	})
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
	return func(ctx context.Context, w *world, r commands.Request, id uuid.UUID) error {
		_, err := w.handler.Revise(ctx, r, id, memory.Revision{Content: canonjson.MustParse(content)})
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

// reach moves a checkpoint.
func (w *world) reach(t *testing.T, tenant domain.Tenant, projection string, sequence int64) {
	t.Helper()
	w.exec(t, `update projection_checkpoints set sequence_id = $3 where tenant_id = $1 and projection = $2`, tenant, projection, sequence)
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
func state(s string) func(*told)       { return func(m *told) { m.state = s } }
func expires(at time.Time) func(*told) { return func(m *told) { m.remember.ExpiresAt = &at } }
func kind(name string) func(*told)     { return func(m *told) { m.remember.Type = name } }
func metadata(json string) func(*told) {
	return func(m *told) { m.remember.Metadata = canonjson.MustParse(json) }
}
func in(tenant domain.Tenant) func(*told) { return func(m *told) { m.tenant = tenant } }
func created(at time.Time) func(*told)    { return func(m *told) { m.remember.OccurredAt = &at } }
func updated(at time.Time) func(*told)    { return func(m *told) { m.updated = at } }
func because(who, reason string) func(*told) {
	return func(m *told) { m.meta, m.reason = domain.Meta{Actor: who}, reason }
}
func at(asOf queries.AsOf) queries.At      { return queries.At{AsOf: asOf} }
func asOf(sequence int64) queries.At       { return at(queries.AsOf{SequenceID: sequence}) }
func asOfTime(moment time.Time) queries.At { return at(queries.AsOf{Time: moment}) }
func atLeast(sequence int64) queries.At    { return queries.At{MinSequenceID: sequence} }
func pointer[T any](value T) *T            { return &value }
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
