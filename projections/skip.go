package projections

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections/generation"
)

// EventSkipped is the event_type that records an operator's decision that a projection skips an event. Its category is
// eventstore.CategoryProjection, its stream is SkipStream; its contents hold the reason.
const EventSkipped = "projection_event_skipped"

const skippedSchemaVersion = 1

// Skipped is the payload of an event of type EventSkipped.
type Skipped struct {
	Projection string    `json:"projection"`
	SequenceID int64     `json:"sequence_id"`
	EventID    uuid.UUID `json:"event_id"`
}

// SkipStream returns the stream of the events that a projection skips, in the log of each tenant.
func SkipStream(projection string) uuid.UUID {
	return eventstore.ReservedStream("projection/" + projection)
}

// Skip lets a stopped projection of a tenant go on without the event that it cannot apply. It appends a skip event, which
// every runner and every rebuild observes from then on, and returns its position. A repeated call changes nothing and
// returns the same position.
//
// The error is of kind Invalid if the reason is missing or too long, NotFound if the tenant has no such projection, and Conflict if
// neither the projection nor an unfinished rebuild of it is stopped at that event.
func Skip(ctx context.Context, pool *pgxpool.Pool, appends *writer.Writer, tenant domain.Tenant, projection string,
	sequenceID int64, meta domain.Meta, reason string,
) (eventstore.WriteResult, error) {
	if err := domain.CheckName("reason", reason, domain.MaxReason); err != nil {
		return eventstore.WriteResult{}, err
	}
	meta.CommandID = fmt.Sprintf("skip/%s/%d", projection, sequenceID)
	meta, err := meta.Check()
	if err != nil {
		return eventstore.WriteResult{}, err
	}
	fingerprint := eventstore.Hash(sha256.Sum256([]byte(meta.CommandID + " " + reason)))
	first, ok, err := appends.Outcome(ctx, tenant, meta.CommandID, fingerprint)
	if err != nil {
		return eventstore.WriteResult{}, fmt.Errorf("skip event %d: %w", sequenceID, err)
	}
	if ok {
		return first.Writes[0], nil
	}
	event, err := stoppedBy(ctx, pool, tenant, projection, sequenceID)
	if err != nil {
		return eventstore.WriteResult{}, err
	}
	result, err := appends.Append(ctx, eventstore.Command{
		Tenant: tenant, ID: meta.CommandID, Fingerprint: fingerprint,
		Writes: []eventstore.StreamAppend{{
			StreamID: SkipStream(projection), Category: eventstore.CategoryProjection, Expected: eventstore.Any,
			Events: []eventstore.NewEvent{{
				ID: uuid.Must(uuid.NewV7()), Type: EventSkipped, SchemaVersion: skippedSchemaVersion,
				Payload:  canonjson.NewObject(nil).Text("event_id", event.String()).Text("projection", projection).Int("sequence_id", sequenceID).Done(),
				Contents: canonjson.NewObject(nil).Text("reason", reason).Done(), Meta: meta, OccurredAt: time.Now(),
			}},
		}},
	})
	if err != nil {
		return eventstore.WriteResult{}, fmt.Errorf("skip event %d: %w", sequenceID, err)
	}
	return result.Writes[0], nil
}

// stop is a recorded stop. sequenceID is nil if the projection is not stopped, event is nil if no event caused the stop.
type stop struct {
	sequenceID *int64
	event      *uuid.UUID
}

func (s stop) isAt(sequenceID int64) bool { return s.sequenceID != nil && *s.sequenceID == sequenceID }

// stoppedBy returns the id of the event that stopped a projection, or an unfinished rebuild of it.
func stoppedBy(ctx context.Context, pool *pgxpool.Pool, tenant domain.Tenant, projection string, sequenceID int64) (event uuid.UUID, err error) {
	s, err := readStop(ctx, pool, "projection_checkpoints", tenant, projection)
	if (err == nil || errors.Is(err, pgx.ErrNoRows)) && !s.isAt(sequenceID) {
		// A rebuild for a newer version may stop at an event that the live version can apply.
		if built, none := readStopOfBuild(ctx, pool, tenant, projection); none == nil && built.isAt(sequenceID) {
			s, err = built, nil
		}
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return event, domain.Errorf(domain.NotFound, "tenant %s has no projection %s; `auren status` lists them", tenant, projection)
	case err != nil:
		return event, fmt.Errorf("read where %s is stopped: %w", projection, err)
	case s.sequenceID == nil:
		return event, domain.Errorf(domain.Conflict, "projection %s of tenant %s is not stopped", projection, tenant)
	case s.event == nil:
		return event, domain.Errorf(domain.Conflict,
			"projection %s of tenant %s is stopped, but no event caused it, so there is nothing to skip; `auren status` shows the reason", projection, tenant)
	case !s.isAt(sequenceID):
		return event, domain.Errorf(domain.Conflict,
			"projection %s of tenant %s is stopped at event %d, not at %d", projection, tenant, *s.sequenceID, sequenceID)
	}
	return *s.event, nil
}

// readStopOfBuild is readStop for the tables of an unfinished rebuild.
func readStopOfBuild(ctx context.Context, pool *pgxpool.Pool, tenant domain.Tenant, projection string) (stop, error) {
	all, err := generation.List(ctx, pool)
	if err != nil {
		return stop{}, err
	}
	for _, g := range all {
		if g.Projection == projection && g.State == generation.Building {
			return readStop(ctx, pool, g.Table("projection_checkpoints"), tenant, projection)
		}
	}
	return stop{}, pgx.ErrNoRows
}

// (%s: the checkpoints)
const selectStop = `
select c.stopped_at, e.event_id
  from %s as c
  left join events as e on e.tenant_id = c.tenant_id and e.sequence_id = c.stopped_at
 where c.tenant_id = $1 and c.projection = $2`

func readStop(ctx context.Context, pool *pgxpool.Pool, checkpoints string, tenant domain.Tenant, projection string) (s stop, err error) {
	err = pool.QueryRow(ctx, fmt.Sprintf(selectStop, checkpoints), tenant, projection).Scan(&s.sequenceID, &s.event)
	return s, err
}

// Placeholder returns the event that a projection applies in place of a skipped one: an event of type EventSkipped with
// the stream, version and category of the skipped event, and the actor and reason of the skip.
func Placeholder(skipped, skip eventstore.Event) eventstore.Event {
	skipped.Type, skipped.SchemaVersion = skip.Type, skip.SchemaVersion
	skipped.Payload, skipped.Contents, skipped.Metadata = skip.Payload, skip.Contents, skip.Metadata
	return skipped
}

// IsPlaceholder reports whether an event stands in place of a skipped one. It changes only the version of its stream.
func IsPlaceholder(e *eventstore.Event) bool {
	return e.Type == EventSkipped && e.Category != eventstore.CategoryProjection
}

// ReadSkips returns the skip events of a projection of a tenant, by the sequence_id of the event to skip.
func ReadSkips(ctx context.Context, log *eventstore.Log, tenant domain.Tenant, projection string) (map[int64]eventstore.Event, error) {
	skips := map[int64]eventstore.Event{}
	const page = 1000
	for version := 1; ; {
		events, more, err := log.ReadStream(ctx, tenant, SkipStream(projection), version, eventstore.Forwards, page)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			var s Skipped
			if e.Type == EventSkipped && e.SchemaVersion == skippedSchemaVersion && json.Unmarshal(e.Payload, &s) == nil {
				skips[s.SequenceID] = e
			}
			version = e.Version + 1
		}
		if !more {
			return skips, nil
		}
	}
}
