package queries_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const tenant = domain.DefaultTenant

// epoch is when the first event of every test was recorded; now is an hour later.
var (
	epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now   = epoch.Add(time.Hour)
)

// row is a row of agent_memories as the projection writes it.
type row struct {
	tenant             domain.Tenant
	id                 uuid.UUID
	agent, user, typ   string
	content, metadata  string
	confidence         float64
	state              string
	expires            *time.Time
	created, updated   time.Time
	version            int
	sequence           int64
	recorded           time.Time
	event, who, reason string
}

// world is a database whose read tables the test fills by hand, as the projections would.
type world struct {
	pool     *pgxpool.Pool
	reader   *queries.Reader
	rows     map[uuid.UUID]row
	sequence map[domain.Tenant]int64
}

func setup(t *testing.T, options ...func(*queries.Config)) *world {
	t.Helper()
	t.Parallel()
	pool := pgtest.New(t)
	config := queries.Config{Now: func() time.Time { return now }}
	for _, option := range options {
		option(&config)
	}
	return &world{pool: pool, reader: queries.New(pool, config), rows: map[uuid.UUID]row{}, sequence: map[domain.Tenant]int64{}}
}

// add projects a new memory of agent "ada" and user "uma", changed by the options. Each event is recorded a second
// after the one before it.
func (w *world) add(t *testing.T, content any, options ...func(*row)) uuid.UUID {
	t.Helper()
	text, err := json.Marshal(content)
	require.NoError(t, err)
	r := row{tenant: tenant, id: uuid.New(), agent: "ada", user: "uma", typ: "observation", content: string(text),
		metadata: `{}`, confidence: 0.5, state: "active", event: "memory_remembered", who: "tester"}
	for _, option := range options {
		option(&r)
	}
	return w.project(t, r, options...)
}

// change projects a new version of a memory.
func (w *world) change(t *testing.T, id uuid.UUID, event string, options ...func(*row)) {
	t.Helper()
	r := w.rows[id]
	w.exec(t, `
insert into agent_memory_history (tenant_id, id, version, agent_id, user_id, memory_type, content, confidence_score,
       metadata, state, expires_at, created_at, updated_at, sequence_id, recorded_at, event_type, actor, reason,
       superseded_sequence_id, superseded_at)
select tenant_id, id, version, agent_id, user_id, memory_type, content, confidence_score, metadata, state, expires_at,
       created_at, updated_at, sequence_id, recorded_at, event_type, actor, reason, $3::bigint, $4::timestamptz
  from agent_memories
 where tenant_id = $1 and id = $2`, r.tenant, id, w.sequence[r.tenant]+1, epoch.Add(time.Duration(w.sequence[r.tenant])*time.Second))
	w.exec(t, `delete from agent_memories where tenant_id = $1 and id = $2`, r.tenant, id)
	r.event, r.updated = event, time.Time{}
	w.project(t, r, options...)
}

func (w *world) project(t *testing.T, r row, options ...func(*row)) uuid.UUID {
	t.Helper()
	w.sequence[r.tenant]++
	r.sequence = w.sequence[r.tenant]
	r.recorded = epoch.Add(time.Duration(r.sequence-1) * time.Second)
	r.version++
	r.updated = r.recorded
	for _, option := range options {
		option(&r)
	}
	if r.created.IsZero() {
		r.created = r.updated
	}
	w.rows[r.id] = r
	w.exec(t, `
insert into agent_memories (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
       expires_at, created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		r.tenant, r.id, r.agent, r.user, r.typ, r.content, r.confidence, r.metadata, r.state, r.expires,
		r.created, r.updated, r.version, r.sequence, r.recorded, r.event, r.who, r.reason)
	w.exec(t, `
insert into agent_memory_search (tenant_id, id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at,
       created_at, words, vector, sequence_id)
select $1, $2, $3, $4, $5, $6, $7, $8, $9,
       (select coalesce(sum(cardinality(positions)), 0) from unnest(vector)), vector, $11
  from to_tsvector('english', $10) as vector
    on conflict (tenant_id, id) do update
   set memory_type = excluded.memory_type, confidence_score = excluded.confidence_score,
       is_active = excluded.is_active, expires_at = excluded.expires_at, words = excluded.words,
       vector = excluded.vector, sequence_id = excluded.sequence_id`,
		r.tenant, r.id, r.agent, r.user, r.typ, r.confidence, r.state == "active", r.expires, r.created, strings.Join(slices.Collect(lexicon.Words(r.content)), " "), r.sequence)
	w.exec(t, `
insert into agent_memory_search_scopes (tenant_id, agent_id, user_id, memories, words)
select tenant_id, agent_id, user_id, count(*), sum(words)
  from agent_memory_search
 where is_active
 group by tenant_id, agent_id, user_id
    on conflict (tenant_id, agent_id, user_id) do update
   set memories = excluded.memories, words = excluded.words`)
	w.reach(t, r.tenant, "agent_memories", r.sequence)
	w.reach(t, r.tenant, "search", r.sequence)
	return r.id
}

// reach moves a checkpoint.
func (w *world) reach(t *testing.T, tenant domain.Tenant, projection string, sequence int64) {
	t.Helper()
	w.exec(t, `
insert into projection_checkpoints (tenant_id, projection, projection_version, sequence_id)
values ($1, $2, 1, $3)
    on conflict (tenant_id, projection) do update set sequence_id = excluded.sequence_id`, tenant, projection, sequence)
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := w.pool.Exec(context.Background(), sql, args...)
	require.NoError(t, err)
}

func scope(agent, user string) func(*row)   { return func(r *row) { r.agent, r.user = agent, user } }
func confidence(c float64) func(*row)       { return func(r *row) { r.confidence = c } }
func state(s string) func(*row)             { return func(r *row) { r.state = s } }
func expires(at time.Time) func(*row)       { return func(r *row) { r.expires = &at } }
func kind(name string) func(*row)           { return func(r *row) { r.typ = name } }
func metadata(json string) func(*row)       { return func(r *row) { r.metadata = json } }
func content(json string) func(*row)        { return func(r *row) { r.content = json } }
func in(tenant domain.Tenant) func(*row)    { return func(r *row) { r.tenant = tenant } }
func created(at time.Time) func(*row)       { return func(r *row) { r.created = at } }
func updated(at time.Time) func(*row)       { return func(r *row) { r.updated = at } }
func because(who, reason string) func(*row) { return func(r *row) { r.who, r.reason = who, reason } }
func at(asOf queries.AsOf) queries.At       { return queries.At{AsOf: asOf} }
func asOf(sequence int64) queries.At        { return at(queries.AsOf{SequenceID: sequence}) }
func asOfTime(moment time.Time) queries.At  { return at(queries.AsOf{Time: moment}) }
func atLeast(sequence int64) queries.At     { return queries.At{MinSequenceID: sequence} }
func pointer[T any](value T) *T             { return &value }
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
