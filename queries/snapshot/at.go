package snapshot

import (
	"context"
	"fmt"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// At says which state of the memories is asked for; its zero value is the present one.
type At struct {
	// MinSequenceID is the position that the answer must at least reflect; default any.
	MinSequenceID int64
	// AsOf asks for what was known then; default now.
	AsOf AsOf
}

// AsOf is a position in the log or a moment: one of the two, or neither for now.
type AsOf struct {
	// Time is a moment of recording. One in the future means now. An event recorded by then that is still being committed
	// is not part of it, though it will be when the same is asked again.
	Time time.Time
	// SequenceID is a position that the log has reached.
	SequenceID int64
}

func (a At) check() error {
	switch {
	case a.MinSequenceID < 0:
		return domain.Invalidf("min_sequence_id", "must be 0 or more, got %d", a.MinSequenceID)
	case a.AsOf.SequenceID < 0:
		return domain.Invalidf("as_of", "must be a sequence_id from 1 on or a time, got %d", a.AsOf.SequenceID)
	case a.AsOf.SequenceID > 0 && !a.AsOf.Time.IsZero():
		return domain.Invalidf("as_of", "must be a sequence_id or a time, not both")
	case !a.AsOf.Time.IsZero():
		return domain.CheckTime("as_of", a.AsOf.Time)
	}
	return nil
}

// Snapshot is one state of a tenant's memories.
type Snapshot struct {
	Tenant domain.Tenant
	// Past is set where the versions of Position are read rather than the current ones.
	Past bool
	// Position is the sequence_id of a past snapshot; of a current one it is the least that the answer must reflect.
	Position int64
	// Moment decides what has expired.
	Moment time.Time
}

// At returns the snapshot that is asked for, once the tables of the projections can answer about it. The error is of kind
// Invalid for a position that the log has not reached: it might never be. It is of kind Unavailable where a projection
// did not get there in time. For the current state only a search waits here: other answers tell their position themselves.
func (s *Source) At(ctx context.Context, tenant domain.Tenant, at At) (Snapshot, error) {
	if err := at.check(); err != nil {
		return Snapshot{}, err
	}
	if at.AsOf == (AsOf{}) {
		return Snapshot{Tenant: tenant, Position: at.MinSequenceID, Moment: s.Now()}, nil
	}
	past, err := s.resolve(ctx, tenant, at.AsOf)
	if domain.KindOf(err) == domain.Invalid {
		return Snapshot{}, err
	} else if err != nil {
		return Snapshot{}, eventstore.ReadError(fmt.Errorf("resolve as of: %w", err))
	}
	if minimum := max(past.Position, at.MinSequenceID); minimum > 0 {
		return past, s.Await(ctx, tenant, AgentMemories, minimum)
	}
	return past, nil
}

// Pin returns the present state, at the position that agent_memories has reached but at least minimum, as a snapshot of the
// past: several statements can read it, now and later.
func (s *Source) Pin(ctx context.Context, tenant domain.Tenant, minimum int64) (Snapshot, error) {
	if err := (At{MinSequenceID: minimum}).check(); err != nil {
		return Snapshot{}, err
	}
	if minimum > 0 {
		if err := s.Await(ctx, tenant, AgentMemories, minimum); err != nil {
			return Snapshot{}, err
		}
	}
	position, err := s.checkpoint(ctx, tenant, AgentMemories)
	return Snapshot{Tenant: tenant, Past: true, Position: position, Moment: s.Now().Truncate(time.Microsecond)}, err
}

// resolve finds the position and the moment of the past.
func (s *Source) resolve(ctx context.Context, tenant domain.Tenant, asOf AsOf) (past Snapshot, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	past = Snapshot{Tenant: tenant, Past: true}
	if asOf.SequenceID == 0 {
		past.Moment = asOf.Time
		if now := s.Now(); past.Moment.After(now) {
			past.Moment = now // what will expire until then is not known yet
		}
		past.Position, err = s.log.SequenceAt(ctx, tenant, past.Moment)
		return past, err
	}
	head, err := s.log.Head(ctx, tenant)
	if err != nil {
		return past, err
	}
	if asOf.SequenceID > head.SequenceID {
		return past, domain.Invalidf("as_of", "must be at most %d, where the log ends, got %d", head.SequenceID, asOf.SequenceID)
	}
	past.Position = asOf.SequenceID
	return past, s.pool.QueryRow(ctx, readMoment, tenant, past.Position).Scan(&past.Moment)
}

const readMoment = `select created_at from events where tenant_id = $1 and sequence_id = $2`
