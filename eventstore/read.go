package eventstore

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
)

// Direction is the order in which a stream is read.
type Direction bool

// The directions.
const (
	Forwards  Direction = false
	Backwards Direction = true
)

// MaxPageBytes is how many bytes of payload, contents and metadata a page of a log or stream holds, give or take one event: it
// ends earlier than its limit where they are large.
const MaxPageBytes = 4 << 20

// Filter narrows what is read from a log; what is empty does not narrow, except for Categories.
type Filter struct {
	// Categories to read; default CategoryMemory. AllCategories among them stands for every one.
	Categories    []string
	EventTypes    []string
	AgentID       string
	UserID        string
	CorrelationID string
	// Where are further conditions, in SQL on the columns of the table events; it adds their arguments. Default none.
	Where func(arguments *[]any) (conditions []string)
	// Until is the last sequence_id to read; 0 means up to the head.
	Until int64
}

// categories is nil for all of them.
func (f *Filter) categories() []string {
	switch {
	case len(f.Categories) == 0:
		return []string{CategoryMemory}
	case slices.Contains(f.Categories, AllCategories):
		return nil
	default:
		return f.Categories
	}
}

// Page is a piece of a log.
type Page struct {
	// Events that match, in order of sequence_id.
	Events []Event
	// Next is where to read on: everything up to and including it has been looked at.
	Next int64
	// More tells that the page ended at its limit, or at MaxPageBytes, rather than where the log does.
	More bool
	// Head is the last sequence_id of the log when the page was read.
	Head int64
}

// The contents are a subquery rather than a join, so that they are looked up in their index event by event: a merge join would
// read them from the beginning of the log.
const eventColumns = `tenant_id, sequence_id, event_id, stream_id, version, category, event_type, schema_version,
       agent_id, user_id, payload,
       (select c.contents
          from event_contents as c
         where c.tenant_id = events.tenant_id and c.sequence_id = events.sequence_id
         order by c.sequence_id
         limit 1),
       metadata, occurred_at, created_at, hash`

const readStreamForwards = `
select ` + eventColumns + `
  from events
 where tenant_id = $1 and stream_id = $2 and version >= $3
 order by version
 limit $4`

const readStreamBackwards = `
select ` + eventColumns + `
  from events
 where tenant_id = $1 and stream_id = $2 and version <= $3
 order by version desc
 limit $4`

// ReadStream reads at most limit events of a stream, from a version on (inclusive) in the direction asked for, or
// fewer where they fill MaxPageBytes; more tells whether there may be more. A stream that does not exist has no events.
func (l *Log) ReadStream(ctx context.Context, tenant domain.Tenant, stream uuid.UUID, from int, d Direction, limit int) (
	events []Event, more bool, err error,
) {
	sql := readStreamForwards
	if d == Backwards {
		sql = readStreamBackwards
	}
	events, err = l.readEvents(ctx, MaxPageBytes, sql, tenant, stream, from, limit)
	if err != nil {
		return nil, false, fmt.Errorf("read stream %s: %w", stream, err)
	}
	return events, full(events, limit), nil
}

// Stream by stream in the order of its versions, which has the index followed however little there was when this was planned.
const readStreams = `
select e.*
  from unnest($2::uuid[]) as sought (id)
 cross join lateral (
       select ` + eventColumns + `
         from events
        where tenant_id = $1 and stream_id = sought.id and version > 0
        order by version) as e`

// ReadStreams reads whole streams at once; those that do not exist are absent from the result.
func (l *Log) ReadStreams(ctx context.Context, tenant domain.Tenant, streams []uuid.UUID) (map[uuid.UUID][]Event, error) {
	events, err := l.readEvents(ctx, math.MaxInt, readStreams, tenant, pgtype.FlatArray[uuid.UUID](streams))
	if err != nil {
		return nil, fmt.Errorf("read %d streams: %w", len(streams), err)
	}
	byStream := make(map[uuid.UUID][]Event, len(streams))
	for _, e := range events {
		byStream[e.StreamID] = append(byStream[e.StreamID], e)
	}
	return byStream, nil
}

// readSome follows the index, event by event.
const readSome = `
select e.*
  from unnest($2::bigint[]) as sought (id)
 cross join lateral (
       select ` + eventColumns + `
         from events
        where tenant_id = $1 and sequence_id = sought.id
       offset 0) as e`

// ReadEvents reads the events with some sequence_ids, in their order, in a transaction.
func ReadEvents(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, sequenceIDs []int64) ([]Event, error) {
	rows, err := tx.Query(ctx, readSome, tenant, sequenceIDs)
	if err != nil {
		return nil, Translate(err)
	}
	events, err := pgx.CollectRows(rows, scanEvent)
	return events, Translate(err)
}

// The head is read first and bounds what is read after it, so that Next is right even where nothing matches.
const readLog = `
select ` + eventColumns + `
  from events
 where tenant_id = $1 and sequence_id > $2 and sequence_id <= $3
   and (cardinality($4::text[]) = 0 or event_type = any($4))
   and ($5 = '' or agent_id = $5)
   and ($6 = '' or user_id = $6)
   and ($7 = '' or metadata ->> 'correlation_id' = $7)
   and ($8::text[] is null or category = any($8))`

// ReadLog reads at most limit events of a tenant's log after a sequence_id, or fewer where they fill MaxPageBytes.
func (l *Log) ReadLog(ctx context.Context, tenant domain.Tenant, after int64, f Filter, limit int) (Page, error) {
	head, err := l.Head(ctx, tenant)
	if err != nil {
		return Page{}, err
	}
	until := head.SequenceID
	if f.Until > 0 {
		until = min(until, f.Until)
	}
	page := Page{Next: max(after, until), Head: head.SequenceID}
	if until <= after {
		return page, nil
	}
	if f.EventTypes == nil {
		f.EventTypes = []string{}
	}
	sql, args := readLog, []any{tenant, after, until, f.EventTypes, f.AgentID, f.UserID, f.CorrelationID, f.categories(), limit}
	if f.Where != nil {
		for _, condition := range f.Where(&args) {
			sql += "\n   and " + condition
		}
	}
	page.Events, err = l.readEvents(ctx, MaxPageBytes, sql+"\n order by sequence_id\n limit $9", args...)
	if err != nil {
		return Page{}, fmt.Errorf("read log after %d: %w", after, err)
	}
	if full(page.Events, limit) {
		page.Next = page.Events[len(page.Events)-1].SequenceID
		page.More = page.Next < until
	}
	return page, nil
}

// readEvents reads rows until they fill maxBytes.
func (l *Log) readEvents(ctx context.Context, maxBytes int, sql string, args ...any) (events []Event, err error) {
	rows, err := l.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, Translate(err)
	}
	defer rows.Close()
	for bytes := 0; bytes < maxBytes && rows.Next(); {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, Translate(err)
		}
		events, bytes = append(events, e), bytes+e.Size()
	}
	rows.Close()
	return events, Translate(rows.Err())
}

// full tells whether a page ended at its limit or at MaxPageBytes, so that there may be more.
func full(page []Event, limit int) bool {
	bytes := 0
	for i := range page {
		bytes += page[i].Size()
	}
	return len(page) == limit || bytes >= MaxPageBytes
}

// Size is what pages and batches of events are bounded by: the bytes of payload, contents and metadata.
func (e *Event) Size() int { return len(e.Payload) + len(e.Contents) + len(e.Metadata) }

func scanEvent(row pgx.CollectableRow) (e Event, err error) {
	var hash []byte
	// As bytes: what comes from PostgreSQL is valid, and a json.RawMessage would be parsed to make sure.
	err = row.Scan(&e.Tenant, &e.SequenceID, &e.ID, &e.StreamID, &e.Version, &e.Category, &e.Type, &e.SchemaVersion,
		&e.AgentID, &e.UserID, (*[]byte)(&e.Payload), (*[]byte)(&e.Contents), (*[]byte)(&e.Metadata), &e.OccurredAt, &e.CreatedAt, &hash)
	e.OccurredAt, e.CreatedAt = e.OccurredAt.UTC(), e.CreatedAt.UTC()
	copy(e.Hash[:], hash)
	return e, err
}
