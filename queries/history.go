package queries

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
)

// Version is one version of a memory: the memory as it was, and who changed it to that, when and why.
type Version struct {
	// Memory has the state that the version's event left it in. Whether it was past its expires_at while it
	// was current can be told from the times.
	Memory    Memory `json:"memory"`
	EventType string `json:"event_type"`
	Actor     string `json:"actor"`
	Reason    string `json:"reason"`
	// RecordedAt is when the version's event was committed; the version was current from then on.
	RecordedAt time.Time `json:"recorded_at"`
	// SupersededAt and SupersededSequenceID are of the next version's event; nil and 0 for the current one.
	SupersededAt         *time.Time `json:"superseded_at"`
	SupersededSequenceID int64      `json:"superseded_sequence_id,omitempty"`
}

// HistoryPage says which piece of a history is asked for.
type HistoryPage struct {
	// AfterVersion continues after a version; default the beginning.
	AfterVersion int
	// Limit is how many versions are returned at most, from 1 to MaxLimit; default DefaultLimit.
	// A page of very large versions ends earlier.
	Limit int
}

// HistoryResult is a piece of a history.
type HistoryResult struct {
	// Versions are ordered from the oldest to the newest.
	Versions []Version `json:"versions"`
	// NextAfterVersion continues the history; 0 at its end.
	NextAfterVersion int `json:"next_after_version,omitempty"`
	// SequenceID is the position that the answer reflects.
	SequenceID int64 `json:"sequence_id"`
}

// History returns the versions of one memory. As of a position or a moment it returns those that were known then,
// the last of them with what superseded it later. The error is of kind NotFound where there is no such memory,
// or was none then.
func (r *Reader) History(ctx context.Context, tenant domain.Tenant, id uuid.UUID, p HistoryPage, at At) (HistoryResult, error) {
	var err error
	if p.Limit, err = checkLimit(p.Limit, DefaultLimit, MaxLimit); err != nil {
		return HistoryResult{}, err
	}
	if p.AfterVersion < 0 || p.AfterVersion > 1<<31-1 {
		return HistoryResult{}, domain.Invalidf("after_version", "is %d; 0 to %d are allowed", p.AfterVersion, 1<<31-1)
	}
	v, err := r.view(ctx, tenant, at)
	if err != nil {
		return HistoryResult{}, fmt.Errorf("history of %s: %w", id, err)
	}
	until := int64(1<<63 - 1)
	if v.past {
		until = v.sequenceID
	}
	result := HistoryResult{}
	args := []any{tenant, id, until, p.AfterVersion, p.Limit + 1}
	result.SequenceID, err = r.answer(ctx, tenant, at.MinSequenceID, selectHistory, args, func(rows pgx.Rows) (err error) {
		var more bool
		result.Versions, more, err = collectPage(rows, p.Limit, scanVersion, func(v *Version) int { return v.Memory.size() })
		if err == nil && more {
			result.NextAfterVersion = result.Versions[len(result.Versions)-1].Memory.Version
		}
		return err
	})
	if err != nil {
		return HistoryResult{}, fmt.Errorf("history of %s: %w", id, err)
	}
	if len(result.Versions) == 0 && p.AfterVersion == 0 {
		return HistoryResult{}, domain.Errorf(domain.NotFound, "there is no memory %s, or was none then", id)
	}
	result.SequenceID = v.reflects(result.SequenceID)
	return result, nil
}

const versionColumns = `id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
       version, sequence_id, created_at, updated_at, expires_at, event_type, actor, reason, recorded_at`

const selectHistory = `
select ` + versionColumns + `, superseded_at, superseded_sequence_id
  from agent_memory_history
 where tenant_id = $1 and id = $2 and sequence_id <= $3 and version > $4
union all
select ` + versionColumns + `, null, 0
  from agent_memories
 where tenant_id = $1 and id = $2 and sequence_id <= $3 and version > $4
 order by version
 limit $5`

func scanVersion(row pgx.CollectableRow) (v Version, err error) {
	err = row.Scan(append(v.Memory.fields(), &v.EventType, &v.Actor, &v.Reason, &v.RecordedAt,
		&v.SupersededAt, &v.SupersededSequenceID)...)
	v.Memory.inUTC()
	v.RecordedAt = v.RecordedAt.UTC()
	if v.SupersededAt != nil {
		*v.SupersededAt = v.SupersededAt.UTC()
	}
	return v, err
}
