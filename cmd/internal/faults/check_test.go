package faults_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/queries"
)

// place is the position of an event in the log.
type place struct {
	id         uuid.UUID
	stream     uuid.UUID
	sequenceID int64
	version    int
}

// account is the result of reading the whole log.
type account struct {
	head       int64
	events     []place // in their order
	byCommand  map[string][]place
	folded     map[uuid.UUID]*memory.Memory
	last       map[uuid.UUID]place
	recordedAt map[uuid.UUID]time.Time
}

// check ends the loads, waits until all is quiet and requires that nothing was lost, nothing happened twice and nothing
// out of order.
func (w *world) check(tenant domain.Tenant, loads ...*load) account {
	w.t.Helper()
	for _, l := range loads {
		l.stop()
	}
	w.pool.Reset() // connections to a server that was killed
	a := w.readLog(tenant)
	for _, l := range loads {
		a.requireAnswersHold(w.t, l)
	}
	w.requireCaughtUp(tenant, a.head)
	w.requireRows(tenant, a)
	w.requireHistory(tenant)
	said, mistakes, ok := w.run("rebuild", "--verify")
	require.True(w.t, ok, "the read models differ from a rebuild:\n%s\n%s", said, mistakes)
	w.requireStream(tenant, a)
	require.Equal(w.t, a.head, w.head(tenant), "the log still grows")
	return a
}

// readLog reads the whole log and requires that it has no gap and that its hash chain is intact.
func (w *world) readLog(tenant domain.Tenant) account {
	w.t.Helper()
	a := account{byCommand: map[string][]place{}, folded: map[uuid.UUID]*memory.Memory{}, last: map[uuid.UUID]place{},
		recordedAt: map[uuid.UUID]time.Time{}}
	var hash eventstore.Hash
	var createdAt time.Time
	for more := true; more; {
		page, err := w.log.ReadLog(w.t.Context(), tenant, a.head, eventstore.Filter{}, 1000)
		require.NoError(w.t, err)
		for i := range page.Events {
			e := &page.Events[i]
			a.head++
			require.Equal(w.t, a.head, e.SequenceID, "the log has a gap")
			require.Equal(w.t, a.last[e.StreamID].version+1, e.Version, "the stream %s has a gap", e.StreamID)
			require.False(w.t, e.CreatedAt.Before(createdAt), "created_at runs backwards at %d", e.SequenceID)
			hash, err = eventstore.ChainHash(hash, e)
			require.NoError(w.t, err)
			require.Equal(w.t, hash, e.Hash, "the chain is broken at %d", e.SequenceID)
			createdAt = e.CreatedAt
			a.take(w.t, e)
		}
		more = page.More
	}
	head, err := w.log.Head(w.t.Context(), tenant)
	require.NoError(w.t, err)
	require.Equal(w.t, eventstore.Head{SequenceID: a.head, Hash: hash, CreatedAt: head.CreatedAt}, head)
	return a
}

func (a *account) take(t *testing.T, e *eventstore.Event) {
	t.Helper()
	p := place{id: e.ID, stream: e.StreamID, sequenceID: e.SequenceID, version: e.Version}
	a.events, a.last[e.StreamID] = append(a.events, p), p
	a.recordedAt[e.StreamID] = e.CreatedAt
	meta, err := e.Meta()
	require.NoError(t, err)
	if meta.CommandID != "" {
		a.byCommand[meta.CommandID] = append(a.byCommand[meta.CommandID], p)
	}
	if a.folded[e.StreamID] == nil {
		a.folded[e.StreamID] = &memory.Memory{}
	}
	fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
	require.NoError(t, err)
	a.folded[e.StreamID].Apply(e.StreamID, fact, e.OccurredAt)
}

// requireAnswersHold compares every answer that a client got with the log.
func (a *account) requireAnswersHold(t *testing.T, l *load) {
	t.Helper()
	seen := map[int]int64{}
	for _, c := range l.answered {
		wrote := a.byCommand[c.key]
		require.LessOrEqual(t, len(wrote), 1, "command %s was executed %d times", c.key, len(wrote))
		switch {
		case c.refused:
			// An attempt that timed out may have been executed.
			require.True(t, len(wrote) == 0 || c.attempts > 1, "command %s was refused and executed", c.key)
		case len(wrote) == 1:
			require.Equal(t, place{c.EventID, c.ID, c.SequenceID, c.Version}, wrote[0], "command %s", c.key)
			require.Greater(t, c.SequenceID, seen[c.client], "command %s is out of order for its client", c.key)
			seen[c.client] = c.SequenceID
		default:
			require.False(t, c.writes, "command %s was acknowledged and is lost", c.key)
			require.LessOrEqual(t, c.SequenceID, a.head, "command %s was answered with a lost event", c.key)
			require.Equal(t, place{c.EventID, c.ID, c.SequenceID, c.Version}, a.events[c.SequenceID-1], "command %s changed nothing", c.key)
		}
	}
	for key, wrote := range a.byCommand {
		require.Len(t, wrote, 1, "command %s", key)
	}
}

// requireCaughtUp waits until every projection has reached a head of the log.
func (w *world) requireCaughtUp(tenant domain.Tenant, head int64) {
	w.t.Helper()
	require.EventuallyWithT(w.t, func(c *assert.CollectT) {
		all, err := projections.ReadStatus(w.t.Context(), w.pool)
		require.NoError(c, err)
		at := map[string]projections.Status{}
		for _, s := range all {
			if s.Tenant == tenant {
				at[s.Projection] = s
			}
		}
		for _, name := range []string{"agent_memories", "search", fanout.Name} {
			require.GreaterOrEqual(c, at[name].SequenceID, head, "%s does not catch up: %s", name, at[name].StoppedReason)
		}
	}, patience, tick)
}

// requireRows requires that the read model equals the fold of the log.
func (w *world) requireRows(tenant domain.Tenant, a account) {
	w.t.Helper()
	reader := queries.New(w.pool, queries.Config{})
	now := time.Now()
	found := 0
	for page := (queries.Page{Limit: queries.MaxLimit}); ; {
		list, err := reader.List(w.t.Context(), tenant, queries.Filter{State: queries.StateAll}, page, queries.At{})
		require.NoError(w.t, err)
		for _, m := range list.Memories {
			found++
			folded := a.folded[m.ID]
			require.NotNil(w.t, folded, "memory %s is not of this log", m.ID)
			require.Equal(w.t, answerOf(w.t, folded.Snapshot(), a.last[m.ID].sequenceID, a.recordedAt[m.ID], now), canonical(w.t, m))
		}
		if list.NextCursor == "" {
			break
		}
		page.Cursor = list.NextCursor
	}
	require.Equal(w.t, len(a.folded), found, "memories are missing from the read model")
}

func answerOf(t *testing.T, s memory.Snapshot, sequenceID int64, recordedAt, now time.Time) queries.Memory {
	t.Helper()
	return canonical(t, queries.Memory{
		ID: s.ID, AgentID: s.AgentID, UserID: s.UserID, Type: s.Type, Content: s.Content.Raw(), Confidence: s.Confidence, Metadata: s.Metadata.Raw(),
		State: string(s.StateAt(now)), Version: s.Version, SequenceID: sequenceID, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
		RecordedAt: recordedAt,
		ExpiresAt:  s.ExpiresAt, ValidFrom: s.ValidFrom, ValidTo: s.ValidTo,
	})
}

// canonical makes memories comparable: PostgreSQL returns equal JSON, but not the same text.
func canonical(t *testing.T, m queries.Memory) queries.Memory {
	t.Helper()
	for _, raw := range []*json.RawMessage{&m.Content, &m.Metadata} {
		value, err := canonjson.Parse(*raw)
		require.NoError(t, err)
		*raw = value.Raw()
	}
	return m
}

// Each event is one version, current from its sequence_id until that of the next version; there are no others.
const readHistoryFaults = `
  with versions as (
       select id, version, sequence_id, superseded_sequence_id from agent_memory_history where tenant_id = $1
        union all
       select id, version, sequence_id, null from agent_memories where tenant_id = $1),
       facts as (
       select stream_id as id, version, sequence_id,
              lead(sequence_id) over (partition by stream_id order by version) as superseded_sequence_id
         from events
        where tenant_id = $1)
(select 'missing: ' || f::text from (select * from facts except all select * from versions) as f limit 5)
 union all
(select 'too much: ' || v::text from (select * from versions except all select * from facts) as v limit 5)`

func (w *world) requireHistory(tenant domain.Tenant) {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), readHistoryFaults, tenant)
	require.NoError(w.t, err)
	faults, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w.t, err)
	require.Empty(w.t, faults, "the history has gaps")
}

// requireStream requires that the stream has one message for each event, in order.
func (w *world) requireStream(tenant domain.Tenant, a account) {
	w.t.Helper()
	sent := w.readStream(tenant)
	for i := range min(len(sent), len(a.events)) {
		require.Equal(w.t, a.events[i].id.String(), sent[i], "message %d", i+1)
	}
	require.Len(w.t, sent, len(a.events), "the stream is not as long as the log")
}

// readStream returns the ids of the events in the stream, in order.
func (w *world) readStream(tenant domain.Tenant) []string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	stream, err := w.jetstream().Stream(ctx, fanout.Stream)
	require.NoError(w.t, err)
	subject := "auren.evt." + fanout.EscapeToken(string(tenant)) + ".>"
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
	require.NoError(w.t, err)
	info, err := consumer.Info(ctx)
	require.NoError(w.t, err)
	var ids []string
	for pending := info.NumPending; pending > 0; {
		batch, err := consumer.FetchNoWait(500)
		require.NoError(w.t, err)
		for m := range batch.Messages() {
			require.True(w.t, strings.HasPrefix(m.Subject(), "auren.evt."))
			ids = append(ids, m.Headers()["ce-id"][0])
			meta, err := m.Metadata()
			require.NoError(w.t, err)
			pending = meta.NumPending
		}
		require.NoError(w.t, batch.Error())
		require.NoError(w.t, ctx.Err())
	}
	return ids
}
