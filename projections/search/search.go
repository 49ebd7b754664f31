// Package search projects the log onto agent_memory_search, the narrow table that a full-text search reads, and
// onto agent_memory_search_scopes, which counts the active memories of each agent and user and their words.
//
// It is a projection of its own because the text-search vector is by far the dearest part of projecting: the
// vectors of a batch are made by several connections at once, before the transaction begins, and are only stored
// within it. Only a memory_remembered or memory_revised makes a new vector; every other event carries none of
// the text and changes the flags beside the vector. A memory that is not active keeps its row, which the index
// leaves out, so that a restore finds it again.
package search

import (
	"context"
	"fmt"
	"runtime"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Name is what the checkpoint is filed under.
const Name = "search"

// Config tunes a Projection; its zero value works.
type Config struct {
	// Workers is how many connections make the vectors of one batch; default the number of processors, 4 at most.
	Workers int
}

// Projection makes vectors on connections of a pool and folds events into rows. It is safe for concurrent use.
type Projection struct {
	pool    *pgxpool.Pool
	workers int
}

// New makes a projection on a pool, which stays the caller's to close.
func New(pool *pgxpool.Pool, config Config) *Projection {
	if config.Workers == 0 {
		config.Workers = min(runtime.GOMAXPROCS(0), 4)
	}
	return &Projection{pool: pool, workers: config.Workers}
}

// Name returns Name.
func (*Projection) Name() string { return Name }

// Version returns 1.
func (*Projection) Version() int { return 1 }

// Tables returns agent_memory_search and agent_memory_search_scopes.
func (*Projection) Tables() []string {
	return []string{"agent_memory_search", "agent_memory_search_scopes"}
}

// Prepare decodes the events and makes the vectors of the texts that are the last of their memory. An event that
// this program does not know, or one of a memory that no row is there for, is a *projections.EventError, the
// latter from Write.
func (p *Projection) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	changes := make([]change, len(events))
	last := make(map[uuid.UUID]string, len(events))
	for i := range events {
		e := &events[i]
		decoded, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload)
		if err != nil {
			return nil, &projections.EventError{SequenceID: e.SequenceID, Err: err}
		}
		changes[i] = change{stored: e, event: decoded}
		text, ok, err := textOf(decoded)
		if err != nil {
			return nil, &projections.EventError{SequenceID: e.SequenceID, Err: err}
		}
		if ok {
			last[e.StreamID] = text
		}
	}
	documents, err := p.vectorize(ctx, last)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		rows, err := projections.LoadRows(ctx, tx, tenant, events, readRows, scanRow)
		if err != nil {
			return err
		}
		if err := fold(rows, changes, documents); err != nil {
			return err
		}
		return store(ctx, tx, tenant, rows)
	}, nil
}

// change is one event, decoded.
type change struct {
	stored *eventstore.Event
	event  memory.Event
}

// textOf returns the text to index, if the event carries one.
func textOf(event memory.Event) (text string, ok bool, err error) {
	switch e := event.(type) {
	case memory.Remembered:
		text, err = Text(e.Type, e.Content, e.Metadata)
	case memory.Revised:
		text, err = Text(e.Type, e.Content, e.Metadata)
	default:
		return "", false, nil
	}
	return text, true, err
}

// fold brings the rows up to date.
func fold(rows map[uuid.UUID]*row, changes []change, documents map[uuid.UUID]document) error {
	for _, c := range changes {
		r := rows[c.stored.StreamID]
		if r == nil && c.stored.Version > 1 {
			return &projections.EventError{SequenceID: c.stored.SequenceID,
				Err: fmt.Errorf("version %d of memory %s follows no other", c.stored.Version, c.stored.StreamID)}
		}
		if r == nil {
			r = &row{}
			rows[c.stored.StreamID] = r
		}
		// The aggregate's own Apply decides what an event means; of the result, the row keeps what it has columns for.
		m := memory.FromSnapshot(r.Snapshot)
		m.Apply(c.stored.StreamID, c.event, c.stored.OccurredAt)
		r.Snapshot, r.sequenceID = m.Snapshot(), c.stored.SequenceID
	}
	for id, d := range documents {
		r := rows[id]
		r.words, r.vector = d.words, &d.vector
	}
	return nil
}
