package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/search"
)

const (
	createFloors = `
create table auren_bench.agent_memories (like agent_memories including all);
create table auren_bench.texts (
    tenant_id varchar(63) not null, id uuid not null, agent_id varchar(100) not null, user_id varchar(255) not null,
    memory_type varchar(50) not null, confidence_score double precision not null, created_at timestamptz not null,
    vector tsvector not null, sequence_id bigint not null,
    primary key (tenant_id, id));
create index on auren_bench.texts using gin (vector);
create table auren_bench.checkpoint (sequence_id bigint not null);
insert into auren_bench.checkpoint values (0)`

	// A projection without a checkpoint begins with the first event.
	forgetMemories = `
truncate agent_memories, agent_memory_history;
delete from projection_checkpoints where projection = 'agent_memories'`
	forgetSearch = `
truncate search_scopes, search_documents, search_tails, search_segments, search_postings, search_terms, search_ends;
delete from projection_checkpoints where projection = 'search'`

	forgetFloors = `truncate auren_bench.agent_memories, auren_bench.texts`

	insertFloorMemory = `
insert into auren_bench.agent_memories
       (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
        created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9, $9, $10, $11, $12, $13, 'anonymous', '')`
	insertFloorMemories = `
insert into auren_bench.agent_memories
       (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
        created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
select $1, id, agent_id, user_id, memory_type, content::json, confidence_score, metadata::jsonb, 'active',
       occurred_at, occurred_at, 1, sequence_id, created_at, 'memory_remembered', 'anonymous', ''
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::timestamptz[],
              $10::bigint[], $11::timestamptz[])
    as m (id, agent_id, user_id, memory_type, content, confidence_score, metadata, occurred_at, sequence_id, created_at)`
	insertFloorSearches = `
insert into auren_bench.texts (tenant_id, id, agent_id, user_id, memory_type, confidence_score, created_at, vector, sequence_id)
select $1, id, agent_id, user_id, memory_type, confidence_score, occurred_at, to_tsvector('english', text), sequence_id
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::timestamptz[], $8::bigint[], $9::text[])
    as m (id, agent_id, user_id, memory_type, confidence_score, occurred_at, sequence_id, text)`
	moveFloorCheckpoint = `update auren_bench.checkpoint set sequence_id = $1`

	insertFloorSearch = `
insert into auren_bench.texts (tenant_id, id, agent_id, user_id, memory_type, confidence_score, created_at, vector, sequence_id)
values ($1, $2, $3, $4, $5, $6, $7, to_tsvector('english', $9), $8)`
)

// benchProject measures the two projections, one at a time, from the first event on. All events open a memory.
func benchProject(ctx context.Context, b *run) error {
	events := b.Events / 10
	if err := b.Exec(ctx, createFloors); err != nil {
		return err
	}
	if err := b.Remember(ctx, world.EvenScopes(events, max(events/100, 1))); err != nil {
		return err
	}
	head, err := b.EventLog.Head(ctx, world.Tenant)
	if err != nil {
		return err
	}
	events = int(head.SequenceID)
	project := func(p projections.Projection, forget string) func(context.Context) (measure.Sample, error) {
		return func(ctx context.Context) (measure.Sample, error) {
			if err := b.Exec(ctx, forget); err != nil {
				return measure.Sample{}, err
			}
			return measure.Timed(events, func() error { return b.Runner(p).CatchUp(ctx) })
		}
	}
	err = b.Compare(ctx, measure.Result{Case: "agent_memories", Axis: "events", At: events},
		measure.Floor("one transaction per event", "events", b.projectOneByOne),
		measure.Subject("projector", "events", project(agentmemories.Projection{}, forgetMemories)))
	if err != nil {
		return err
	}
	return b.Compare(ctx, measure.Result{Case: "search, 2 workers", Axis: "events", At: events},
		measure.Floor("row by row, to_tsvector in each", "events", b.projectRowByRow),
		measure.Subject("projector", "events", project(search.New(), forgetSearch)))
}

// pageOfLog is how many events are read at once.
const pageOfLog = 1000

// eachPage reads the log from the first event on, for as long as a side is measured.
func (b *run) eachPage(ctx context.Context, do func(page []eventstore.Event, goOn func() bool) (int, error)) (measure.Sample, error) {
	if err := b.Exec(ctx, forgetFloors); err != nil {
		return measure.Sample{}, err
	}
	m := measure.Sample{}
	began := time.Now()
	goOn := func() bool { return time.Since(began) < b.Duration }
	for after := int64(0); goOn(); {
		page, err := b.EventLog.ReadLog(ctx, world.Tenant, after, eventstore.Filter{}, pageOfLog)
		if err != nil {
			return m, err
		}
		if len(page.Events) == 0 {
			break
		}
		done, err := do(page.Events, goOn)
		if err != nil {
			return m, err
		}
		m.Count += done
		after = page.Next
	}
	m.Took = time.Since(began)
	return m, nil
}

// projectOneByOne is the naive projector: an event, its row and the checkpoint are a transaction.
func (b *run) projectOneByOne(ctx context.Context) (measure.Sample, error) {
	return b.eachPage(ctx, func(page []eventstore.Event, goOn func() bool) (int, error) {
		for i := range page {
			if i > 0 && !goOn() {
				return i, nil
			}
			if err := pgx.BeginFunc(ctx, b.Pool, func(tx pgx.Tx) error {
				e := &page[i]
				r, err := remembered(e)
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, insertFloorMemory, world.Tenant, e.StreamID, e.AgentID, e.UserID, r.Type, r.Content, r.Confidence,
					r.Metadata, e.OccurredAt, e.Version, e.SequenceID, e.CreatedAt, e.Type); err != nil {
					return err
				}
				_, err = tx.Exec(ctx, moveFloorCheckpoint, e.SequenceID)
				return err
			}); err != nil {
				return 0, err
			}
		}
		return len(page), nil
	})
}

// projectRowByRow spares the commits, but has PostgreSQL make one vector after the other.
func (b *run) projectRowByRow(ctx context.Context) (measure.Sample, error) {
	return b.eachPage(ctx, func(page []eventstore.Event, goOn func() bool) (done int, err error) {
		err = pgx.BeginFunc(ctx, b.Pool, func(tx pgx.Tx) error {
			for done = 0; done < len(page) && (done == 0 || goOn()); done++ {
				e := &page[done]
				r, err := remembered(e)
				if err != nil {
					return err
				}
				text := searchable(r)
				if _, err := tx.Exec(ctx, insertFloorSearch, world.Tenant, e.StreamID, e.AgentID, e.UserID, r.Type, r.Confidence,
					e.OccurredAt, e.SequenceID, text); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, moveFloorCheckpoint, page[done-1].SequenceID)
			return err
		})
		return done, err
	})
}

// projectInBatches is a good projector of the usual kind: a page of the log is a transaction with one statement for each
// table, and PostgreSQL makes the vectors.
func (b *run) projectInBatches(ctx context.Context) (measure.Sample, error) {
	return b.eachPage(ctx, func(page []eventstore.Event, _ func() bool) (int, error) {
		var ids []uuid.UUID
		var agents, users, types, contents, metadata, texts []string
		var confidences []float64
		var occurred, created []time.Time
		var sequenceIDs []int64
		for i := range page {
			e := &page[i]
			r, err := remembered(e)
			if err != nil {
				return 0, err
			}
			text := searchable(r)
			ids, sequenceIDs = append(ids, e.StreamID), append(sequenceIDs, e.SequenceID)
			agents, users, types = append(agents, e.AgentID), append(users, e.UserID), append(types, r.Type)
			contents, metadata, texts = append(contents, r.Content.String()), append(metadata, r.Metadata.String()), append(texts, text)
			confidences = append(confidences, r.Confidence)
			occurred, created = append(occurred, e.OccurredAt), append(created, e.CreatedAt)
		}
		return len(page), pgx.BeginFunc(ctx, b.Pool, func(tx pgx.Tx) error {
			batch := &pgx.Batch{}
			batch.Queue(insertFloorMemories, world.Tenant, ids, agents, users, types, contents, confidences, metadata, occurred, sequenceIDs, created)
			batch.Queue(insertFloorSearches, world.Tenant, ids, agents, users, types, confidences, occurred, sequenceIDs, texts)
			batch.Queue(moveFloorCheckpoint, sequenceIDs[len(sequenceIDs)-1])
			return tx.SendBatch(ctx, batch).Close()
		})
	})
}

// searchable is the text that the floors index: the strings and numbers of the content, the type, the strings of the metadata.
func searchable(r memory.Remembered) string {
	var text strings.Builder
	add := func(value canonjson.Value, leaves ...canonjson.Leaf) {
		value.Leaves(func(leaf string, kind canonjson.Leaf) {
			if slices.Contains(leaves, kind) {
				text.WriteString(leaf + " ")
			}
		})
	}
	add(r.Content, canonjson.StringLeaf, canonjson.NumberLeaf)
	text.WriteString(r.Type + " ")
	add(r.Metadata, canonjson.StringLeaf)
	return text.String()
}

func remembered(e *eventstore.Event) (r memory.Remembered, err error) {
	event, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
	if err != nil {
		return r, fmt.Errorf("event %d: %w", e.SequenceID, err)
	}
	r, _ = event.(memory.Remembered) // nothing else was written
	return r, nil
}
