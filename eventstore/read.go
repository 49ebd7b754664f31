package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
)

// Direction is the order in which a stream is read.
type Direction bool

// The directions.
const (
	Forwards  Direction = false
	Backwards Direction = true
)

// Head is where a log ends. The zero Head is that of a log without events.
type Head struct {
	SequenceID int64
	Hash       Hash
	CreatedAt  time.Time
}

// Filter narrows what is read from a log; what is empty does not narrow.
type Filter struct {
	EventTypes    []string
	AgentID       string
	UserID        string
	CorrelationID string
	// Until is the last sequence_id to read; 0 means up to the head.
	Until int64
}

// Page is a piece of a log.
type Page struct {
	// Events that match, in order of sequence_id.
	Events []Event
	// Next is where to read on: everything up to and including it has been looked at.
	Next int64
	// Head is the last sequence_id of the log when the page was read.
	Head int64
}

const eventColumns = `tenant_id, sequence_id, event_id, stream_id, version, event_type, schema_version,
       agent_id, user_id, payload, metadata, occurred_at, created_at, hash`

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

// ReadStream reads at most limit events of a stream, from a version on (inclusive) in the direction asked for.
// A stream that does not exist has no events.
func (s *Store) ReadStream(ctx context.Context, tenant domain.Tenant, stream uuid.UUID, from int, d Direction, limit int) ([]Event, error) {
	sql := readStreamForwards
	if d == Backwards {
		sql = readStreamBackwards
	}
	events, err := s.readEvents(ctx, sql, tenant, stream, from, limit)
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", stream, err)
	}
	return events, nil
}

const readStreams = `
select ` + eventColumns + `
  from events
 where tenant_id = $1 and stream_id = any($2)
 order by stream_id, version`

// ReadStreams reads whole streams at once; those that do not exist are absent from the result.
func (s *Store) ReadStreams(ctx context.Context, tenant domain.Tenant, streams []uuid.UUID) (map[uuid.UUID][]Event, error) {
	events, err := s.readEvents(ctx, readStreams, tenant, streams)
	if err != nil {
		return nil, fmt.Errorf("read %d streams: %w", len(streams), err)
	}
	byStream := make(map[uuid.UUID][]Event, len(streams))
	for _, e := range events {
		byStream[e.StreamID] = append(byStream[e.StreamID], e)
	}
	return byStream, nil
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
 order by sequence_id
 limit $8`

// ReadLog reads at most limit events of a tenant's log after a sequence_id.
func (s *Store) ReadLog(ctx context.Context, tenant domain.Tenant, after int64, f Filter, limit int) (Page, error) {
	head, err := s.Head(ctx, tenant)
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
	page.Events, err = s.readEvents(ctx, readLog, tenant, after, until, f.EventTypes, f.AgentID, f.UserID, f.CorrelationID, limit)
	if err != nil {
		return Page{}, fmt.Errorf("read log after %d: %w", after, err)
	}
	if len(page.Events) == limit {
		page.Next = page.Events[limit-1].SequenceID
	}
	return page, nil
}

const readHead = `select sequence_id, hash, created_at from logs where tenant_id = $1`

// Head returns where a tenant's log ends.
func (s *Store) Head(ctx context.Context, tenant domain.Tenant) (Head, error) {
	rows, err := s.pool.Query(ctx, readHead, tenant)
	if err != nil {
		return Head{}, translate(fmt.Errorf("read head of log: %w", err))
	}
	heads, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Head, err error) {
		var hash []byte
		err = row.Scan(&h.SequenceID, &hash, &h.CreatedAt)
		copy(h.Hash[:], hash)
		return h, err
	})
	if err != nil {
		return Head{}, translate(fmt.Errorf("read head of log: %w", err))
	}
	if len(heads) == 0 {
		return Head{}, nil
	}
	return heads[0], nil
}

// Tenants lists the tenants that have a log, in the order of their names.
func (s *Store) Tenants(ctx context.Context) ([]domain.Tenant, error) {
	rows, err := s.pool.Query(ctx, `select tenant_id from logs order by tenant_id`)
	if err != nil {
		return nil, translate(fmt.Errorf("read tenants: %w", err))
	}
	tenants, err := pgx.CollectRows(rows, pgx.RowTo[domain.Tenant])
	if err != nil {
		return nil, translate(fmt.Errorf("read tenants: %w", err))
	}
	return tenants, nil
}

func (s *Store) readEvents(ctx context.Context, sql string, args ...any) ([]Event, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, translate(err)
	}
	events, err := pgx.CollectRows(rows, scanEvent)
	if err != nil {
		return nil, translate(err)
	}
	return events, nil
}

func scanEvent(row pgx.CollectableRow) (e Event, err error) {
	var hash []byte
	err = row.Scan(&e.Tenant, &e.SequenceID, &e.ID, &e.StreamID, &e.Version, &e.Type, &e.SchemaVersion,
		&e.AgentID, &e.UserID, &e.Payload, &e.Metadata, &e.OccurredAt, &e.CreatedAt, &hash)
	e.OccurredAt, e.CreatedAt = e.OccurredAt.UTC(), e.CreatedAt.UTC()
	copy(e.Hash[:], hash)
	return e, err
}
