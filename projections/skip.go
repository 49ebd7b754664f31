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
	"github.com/auren-memory/auren/projections/generation"
)

// EventSkipped is the event_type of the events by which operators have events skipped that a projection cannot apply.
const EventSkipped = "projection_event_skipped"

// Skipped is the payload of an event of type EventSkipped: that an event which a projection could not apply is to
// be passed over.
type Skipped struct {
	Projection string    `json:"projection"`
	SequenceID int64     `json:"sequence_id"`
	EventID    uuid.UUID `json:"event_id"`
}

// SkippedSchemaVersion is the schema version of an event of type EventSkipped.
const SkippedSchemaVersion = 1

// SkipStream is the stream that holds what was skipped of a projection, in the log of each tenant.
func SkipStream(projection string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/auren-memory/auren/projection/"+projection))
}

// (%s: the checkpoints)
const readStop = `
select c.stopped_at, e.event_id, coalesce(e.event_type, '')
  from %s as c
  left join events as e on e.tenant_id = c.tenant_id and e.sequence_id = c.stopped_at
 where c.tenant_id = $1 and c.projection = $2`

// Skip has a projection of a tenant pass over the event that it stands still in front of, for the reason in meta. That is
// an event itself, appended to SkipStream, and so holds for every runner and every rebuild from now on. It returns
// where that event stands. To say the same again changes nothing and returns the same.
//
// It is an error of kind Invalid where there is no reason, and of kind Conflict where neither the projection nor a rebuild of
// it that is not done stands still in front of that event, or where that event is itself one that has something skipped, of a
// newer program.
func Skip(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store, tenant domain.Tenant, projection string,
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
	first, ok, err := store.Outcome(ctx, tenant, meta.CommandID, fingerprint)
	if err != nil {
		return eventstore.WriteResult{}, fmt.Errorf("skip event %d: %w", sequenceID, err)
	}
	if ok {
		return first.Writes[0], nil
	}
	at, err := readStopIn(ctx, pool, "projection_checkpoints", tenant, projection)
	if (err == nil || errors.Is(err, pgx.ErrNoRows)) && !at.is(sequenceID) {
		// The live tables may be of a version that could apply it, while the next one cannot.
		if built, none := readStopOfBuild(ctx, pool, tenant, projection); none == nil && built.is(sequenceID) {
			at, err = built, nil
		}
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return eventstore.WriteResult{}, domain.Errorf(domain.NotFound, "tenant %s has no projection %s; `auren status` lists them", tenant, projection)
	case err != nil:
		return eventstore.WriteResult{}, fmt.Errorf("skip event %d: %w", sequenceID, err)
	case at.sequenceID == nil:
		return eventstore.WriteResult{}, domain.Errorf(domain.Conflict, "projection %s of tenant %s is not stopped", projection, tenant)
	case at.event == nil:
		return eventstore.WriteResult{}, domain.Errorf(domain.Conflict,
			"projection %s of tenant %s is stopped and no event is at fault: there is nothing to skip; its status says why", projection, tenant)
	case !at.is(sequenceID):
		return eventstore.WriteResult{}, domain.Errorf(domain.Conflict,
			"projection %s of tenant %s is stopped at event %d, not at %d", projection, tenant, *at.sequenceID, sequenceID)
	case at.eventType == EventSkipped:
		return eventstore.WriteResult{}, domain.Errorf(domain.Conflict,
			"event %d was written by a newer program, to have an event skipped, and cannot be skipped itself: start the newer program", sequenceID)
	}
	payload := canonjson.NewObject(nil).UUID("event_id", *at.event).Text("projection", projection).Int("sequence_id", sequenceID).Done()
	result, err := store.Append(ctx, eventstore.Command{
		Tenant: tenant, ID: meta.CommandID, Fingerprint: fingerprint,
		Writes: []eventstore.StreamAppend{{StreamID: SkipStream(projection), Expected: eventstore.Any, Category: eventstore.CategoryProjection, Events: []eventstore.NewEvent{{
			ID: uuid.Must(uuid.NewV7()), Type: EventSkipped, SchemaVersion: SkippedSchemaVersion,
			Payload: payload, Contents: canonjson.NewObject(nil).Text("reason", reason).Done(), Meta: meta, OccurredAt: time.Now(),
		}}}},
	})
	if err != nil {
		return eventstore.WriteResult{}, fmt.Errorf("skip event %d: %w", sequenceID, err)
	}
	return result.Writes[0], nil
}

// stopRow is where a projection stands still: neither where it does not, and no event where none is at fault.
type stopRow struct {
	sequenceID *int64
	event      *uuid.UUID
	eventType  string
}

func (s stopRow) is(sequenceID int64) bool { return s.sequenceID != nil && *s.sequenceID == sequenceID }

func readStopIn(ctx context.Context, pool *pgxpool.Pool, checkpoints string, tenant domain.Tenant, projection string) (s stopRow, err error) {
	err = pool.QueryRow(ctx, fmt.Sprintf(readStop, checkpoints), tenant, projection).Scan(&s.sequenceID, &s.event, &s.eventType)
	return s, err
}

// readStopOfBuild is readStopIn of the tables that a rebuild was building when it stopped.
func readStopOfBuild(ctx context.Context, pool *pgxpool.Pool, tenant domain.Tenant, projection string) (stopRow, error) {
	all, err := generation.List(ctx, pool)
	if err != nil {
		return stopRow{}, err
	}
	for _, g := range all {
		if g.Projection == projection && g.State == generation.Building {
			return readStopIn(ctx, pool, g.Table("projection_checkpoints"), tenant, projection)
		}
	}
	return stopRow{}, pgx.ErrNoRows
}

// IsSkip reports whether Skip wrote the event: then it belongs to no memory, and there is nothing to apply or deliver.
func IsSkip(e *eventstore.Event) bool {
	if e.Type != EventSkipped || e.SchemaVersion != SkippedSchemaVersion {
		return false
	}
	var s Skipped
	return json.Unmarshal(e.Payload, &s) == nil && e.StreamID == SkipStream(s.Projection)
}

// ReadSkips returns, by sequence_id, the events of a tenant that a projection is to skip, each with the event that says so.
func ReadSkips(ctx context.Context, store *eventstore.Store, tenant domain.Tenant, projection string) (map[int64]eventstore.Event, error) {
	skips := map[int64]eventstore.Event{}
	const page = 1000
	for version := 1; ; {
		events, err := store.ReadStream(ctx, tenant, SkipStream(projection), version, eventstore.Forwards, page)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			var s Skipped
			if e.Type == EventSkipped && e.SchemaVersion == SkippedSchemaVersion && json.Unmarshal(e.Payload, &s) == nil {
				skips[s.SequenceID] = e
			}
			version = e.Version + 1
		}
		if !eventstore.Full(events, page) {
			return skips, nil
		}
	}
}
