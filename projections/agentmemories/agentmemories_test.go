package agentmemories_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

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

func (f fixture) runner(batch int) *runner.Runner {
	watcher := eventstore.NewWatcher(f.pool, eventstore.LogChannel, zap.NewNop())
	return runner.New(f.pool, f.log, watcher, runner.Config{Batch: batch}, agentmemories.Projection{})
}

func (f fixture) remember(t *testing.T) uuid.UUID {
	t.Helper()
	r, err := f.handler.Remember(t.Context(), commands.Request{Tenant: domain.DefaultTenant}, commands.Remember{
		Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.Text("runs")},
	})
	require.NoError(t, err)
	return r.ID
}

// append appends an event to the stream of a memory, as another program would.
func (f fixture) append(t *testing.T, stream uuid.UUID, event eventstore.NewEvent) {
	t.Helper()
	event.ID, event.OccurredAt = uuid.New(), time.Now()
	_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: domain.DefaultTenant, Writes: []eventstore.StreamAppend{
		{StreamID: stream, Expected: eventstore.Any, AgentID: "coach", UserID: "ana", Events: []eventstore.NewEvent{event}},
	}})
	require.NoError(t, err)
}

// version is one version of a memory, from the tables or from a fold of the log.
type version struct {
	ID                    uuid.UUID
	AgentID, UserID, Type string
	Content, Metadata     string
	Confidence            float64
	State                 string
	ExpiresAt             *time.Time
	ValidFrom, ValidTo    *time.Time
	CreatedAt, UpdatedAt  time.Time
	Version               int
	SequenceID            int64
	RecordedAt            time.Time
	EventType             string
	Actor, Reason         string
	SupersededSequenceID  *int64
	SupersededAt          *time.Time
}

const readVersions = `
select id, agent_id, user_id, memory_type, content::text, metadata::text, confidence_score, state, expires_at, valid_from, valid_to,
       created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason,
       null::bigint as superseded_sequence_id, null::timestamptz as superseded_at
  from agent_memories
 where tenant_id = $1
union all
select id, agent_id, user_id, memory_type, content::text, metadata::text, confidence_score, state, expires_at, valid_from, valid_to,
       created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason,
       superseded_sequence_id, superseded_at
  from agent_memory_history
 where tenant_id = $1
 order by sequence_id`

// requireFold requires the tables to equal a fold of the log: each version once, with the interval in which it was current.
func (f fixture) requireFold(ctx context.Context, t require.TestingT, tenant domain.Tenant) {
	page, err := f.log.ReadLog(ctx, tenant, 0, eventstore.Filter{}, 1_000_000)
	require.NoError(t, err)

	memories := map[uuid.UUID]*memory.Memory{}
	current := map[uuid.UUID]int{}
	expected := []version{}
	for _, e := range page.Events {
		m := memories[e.StreamID]
		if m == nil {
			m = &memory.Memory{}
			memories[e.StreamID] = m
		} else {
			before := &expected[current[e.StreamID]]
			before.SupersededSequenceID, before.SupersededAt = &e.SequenceID, &e.CreatedAt
		}
		decoded, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
		require.NoError(t, err)
		m.Apply(e.StreamID, decoded, e.OccurredAt)
		meta, err := e.Meta()
		require.NoError(t, err)
		s := m.Snapshot()
		current[e.StreamID] = len(expected)
		expected = append(expected, version{
			ID: s.ID, AgentID: s.AgentID, UserID: s.UserID, Type: s.Type, Content: s.Content.String(), Metadata: s.Metadata.String(),
			Confidence: s.Confidence, State: string(s.State), ExpiresAt: s.ExpiresAt, ValidFrom: s.ValidFrom, ValidTo: s.ValidTo, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
			Version: s.Version, SequenceID: e.SequenceID, RecordedAt: e.CreatedAt, EventType: e.Type, Actor: meta.Actor, Reason: e.Reason(),
		})
	}
	require.Equal(t, normal(t, expected), f.versions(ctx, t, tenant))
}

// versions returns the versions in the tables.
func (f fixture) versions(ctx context.Context, t require.TestingT, tenant domain.Tenant) []version {
	rows, err := f.pool.Query(ctx, readVersions, tenant)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[version])
	require.NoError(t, err)
	return normal(t, all)
}

// normal returns a version in comparable form: times in UTC, JSON canonical.
func normal(t require.TestingT, versions []version) []version {
	for i := range versions {
		v := &versions[i]
		v.CreatedAt, v.UpdatedAt, v.RecordedAt = v.CreatedAt.UTC(), v.UpdatedAt.UTC(), v.RecordedAt.UTC()
		for _, at := range []**time.Time{&v.ExpiresAt, &v.ValidFrom, &v.ValidTo, &v.SupersededAt} {
			if *at != nil {
				utc := (*at).UTC()
				*at = &utc
			}
		}
		for _, raw := range []*string{&v.Content, &v.Metadata} {
			canonical, err := canonjson.Parse([]byte(*raw))
			require.NoError(t, err)
			*raw = canonical.String()
		}
	}
	return versions
}

func TestTablesEqualAFoldOfAnyHistory(t *testing.T) {
	t.Parallel()
	f := setup(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		tenant := domain.Tenant(fmt.Sprintf("t%d", n))
		ctx := t.Context()
		var ids []uuid.UUID
		req := func() commands.Request {
			return commands.Request{Tenant: tenant, Meta: domain.Meta{Actor: "a"}, Reason: rapid.StringN(0, 5, -1).Filter(noNUL).Draw(t, "reason")}
		}
		id := rapid.Custom(func(t *rapid.T) uuid.UUID { return rapid.SampledFrom(ids).Draw(t, "id") })
		content := func(t *rapid.T) canonjson.Value {
			return canonjson.NewObject(nil).
				Float("n", rapid.Float64Range(-1e9, 1e9).Draw(t, "n")).
				Text("text", rapid.StringN(0, 20, -1).Filter(noNUL).Draw(t, "text")).
				Done()
		}
		expiry := func(t *rapid.T) *time.Time {
			at := time.Now().Add(time.Duration(rapid.Int64Range(-1000, 1000).Draw(t, "expiry")) * time.Hour)
			return rapid.SampledFrom([]*time.Time{nil, &at}).Draw(t, "expires_at")
		}
		// Commands that the current state rejects are part of the history: they write nothing.
		actions := map[string]func(*rapid.T){
			"remember": func(t *rapid.T) {
				at := time.Now().Add(-time.Hour)
				r, err := f.handler.Remember(ctx, req(), commands.Remember{OccurredAt: &at, Draft: memory.Draft{AgentID: "coach", UserID: rapid.SampledFrom([]string{"ana", "bo"}).Draw(t, "user"), Content: content(t), ExpiresAt: expiry(t), ValidFrom: &at}})
				require.NoError(t, err)
				ids = append(ids, r.ID)
			},
			"project": func(t *rapid.T) {
				require.NoError(t, f.runner(rapid.IntRange(1, 5).Draw(t, "batch")).CatchUp(ctx))
			},
		}
		some := func(act func(t *rapid.T, id uuid.UUID)) func(*rapid.T) {
			return func(t *rapid.T) {
				if len(ids) > 0 {
					act(t, id.Draw(t, "memory"))
				}
			}
		}
		actions["revise"] = some(func(t *rapid.T, id uuid.UUID) {
			_, _ = f.handler.Revise(ctx, req(), id, memory.Revision{Content: content(t), Metadata: canonjson.MustParse(`{"k":1.50}`), ValidTo: domain.SetTime(expiry(t))})
		})
		actions["adjust"] = some(func(t *rapid.T, id uuid.UUID) {
			_, _ = f.handler.AdjustConfidence(ctx, req(), id, rapid.Float64Range(0, 1).Draw(t, "confidence"))
		})
		actions["evidence"] = some(func(t *rapid.T, id uuid.UUID) {
			_, _ = f.handler.RecordEvidence(ctx, req(), id, memory.Evidence{Supports: rapid.Bool().Draw(t, "supports")})
		})
		actions["expiry"] = some(func(t *rapid.T, id uuid.UUID) { _, _ = f.handler.SetExpiry(ctx, req(), id, expiry(t)) })
		actions["forget"] = some(func(_ *rapid.T, id uuid.UUID) { _, _ = f.handler.Forget(ctx, req(), id) })
		actions["restore"] = some(func(_ *rapid.T, id uuid.UUID) { _, _ = f.handler.Restore(ctx, req(), id) })
		t.Repeat(actions)

		require.NoError(t, f.runner(rapid.IntRange(1, 1000).Draw(t, "batch")).CatchUp(ctx))
		f.requireFold(ctx, t, tenant)
	})
}

func noNUL(s string) bool { return !strings.ContainsRune(s, 0) }

func TestUnappliableEventsStopTheProjection(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]eventstore.NewEvent{
		"of an unknown type":    {Type: "memory_dreamt", SchemaVersion: 1, Payload: canonjson.MustParse(`{}`)},
		"of a future schema":    {Type: memory.TypeForgotten, SchemaVersion: 99, Payload: canonjson.MustParse(`{}`)},
		"with a broken payload": {Type: memory.TypeConfidenceAdjusted, SchemaVersion: 1, Payload: canonjson.MustParse(`{"to": "high"}`)},
		"with unknown contents": {Type: memory.TypeForgotten, SchemaVersion: 1, Payload: canonjson.MustParse(`{}`), Contents: canonjson.MustParse(`{"mood": 1}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.append(t, f.remember(t), event)
			var stopped *projections.StoppedError
			require.ErrorAs(t, f.runner(0).CatchUp(t.Context()), &stopped)
			require.Equal(t, int64(2), stopped.SequenceID)
			require.Equal(t, 1, pgtest.Value[int](t, f.pool, "select version from agent_memories"), "the events before it are applied")
		})
	}
}

func TestAProjectionGathersTheFirstStatistics(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const half = 600
	batch := make([]commands.Remember, half)
	for i := range batch {
		batch[i] = commands.Remember{Draft: memory.Draft{AgentID: "a", UserID: "u", Content: canonjson.MustParse(`"x"`)}}
	}
	rows := func() float64 {
		_, err := f.handler.RememberBatch(t.Context(), commands.Request{Tenant: domain.DefaultTenant}, batch)
		require.NoError(t, err)
		require.NoError(t, f.runner(500).CatchUp(t.Context()))
		return pgtest.Value[float64](t, f.pool, `select reltuples from pg_class where relname = 'agent_memories' and relkind = 'r'`)
	}
	require.InDelta(t, -1, rows(), 0, "too few to matter")
	require.InDelta(t, 2*half, rows(), half, "enough to be planned for")
}
