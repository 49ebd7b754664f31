package queries

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/snapshot"
)

// Version is one version of a memory: the memory as it was, and who changed it to that, when and why.
type Version struct {
	// Memory has the state after the version's event, even if it expired while it was current. It was current from its
	// recorded_at on.
	Memory    Memory `json:"memory"`
	EventType string `json:"event_type"`
	Actor     string `json:"actor"`
	Reason    string `json:"reason"`
	// SupersededAt and SupersededSequenceID are of the next version's event; nil and 0 for the current one.
	SupersededAt         *time.Time `json:"superseded_at"`
	SupersededSequenceID int64      `json:"superseded_sequence_id,omitempty"`
}

// HistoryPage says which part of a history to return.
type HistoryPage struct {
	// AfterVersion continues after a version; default the beginning.
	AfterVersion int
	// Limit is how many versions are returned at most, from 1 to MaxLimit; default DefaultLimit.
	// A page of very large versions ends earlier.
	Limit int
}

// HistoryResult is a part of a history.
type HistoryResult struct {
	// Versions are ordered from the oldest to the newest.
	Versions []Version `json:"versions"`
	// NextAfterVersion continues the history; 0 at its end.
	NextAfterVersion int `json:"next_after_version,omitempty"`
	// SequenceID is the position that the answer reflects.
	SequenceID int64 `json:"sequence_id"`
}

// History returns the versions of one memory. As of a position or a moment it returns those that were known then, the last
// of them as the current one. The error is of kind NotFound if there is no such memory, or was none then.
func (r *Reader) History(ctx context.Context, tenant domain.Tenant, id uuid.UUID, p HistoryPage, at At) (HistoryResult, error) {
	var err error
	if p.Limit, err = checkLimit(p.Limit, DefaultLimit, MaxLimit); err != nil {
		return HistoryResult{}, err
	}
	if p.AfterVersion < 0 || p.AfterVersion > math.MaxInt32 {
		return HistoryResult{}, domain.Invalidf("after_version", "must be 0 to %d, got %d", math.MaxInt32, p.AfterVersion)
	}
	snap, err := r.source.At(ctx, tenant, at)
	if err != nil {
		return HistoryResult{}, fmt.Errorf("history of %s: %w", id, err)
	}
	until := int64(math.MaxInt64)
	if snap.Past {
		until = snap.Position
	}
	result := HistoryResult{}
	args := []any{tenant, id, until, p.AfterVersion, p.Limit + 1}
	result.SequenceID, err = r.source.Answer(ctx, snap, selectHistory, args, func(rows pgx.Rows) (err error) {
		var more bool
		result.Versions, more, err = collectPage(rows, p.Limit, scanVersion, func(v *Version) int { return v.Memory.Size() })
		if err == nil && more {
			result.NextAfterVersion = result.Versions[len(result.Versions)-1].Memory.Version
		}
		return err
	})
	if err != nil {
		return HistoryResult{}, fmt.Errorf("history of %s: %w", id, err)
	}
	if len(result.Versions) == 0 && p.AfterVersion == 0 {
		return HistoryResult{}, errNotFound(id, at)
	}
	return result, nil
}

const selectHistory = `
select ` + snapshot.Columns + `, event_type, actor, reason,
       case when superseded_sequence_id <= $3 then superseded_at end,
       case when superseded_sequence_id <= $3 then superseded_sequence_id else 0 end
  from agent_memory_history
 where tenant_id = $1 and id = $2 and sequence_id <= $3 and version > $4
union all
select ` + snapshot.Columns + `, event_type, actor, reason, null, 0
  from agent_memories
 where tenant_id = $1 and id = $2 and sequence_id <= $3 and version > $4
 order by version
 limit $5`

func scanVersion(row pgx.CollectableRow) (v Version, err error) {
	err = v.Memory.Scan(row, &v.EventType, &v.Actor, &v.Reason, &v.SupersededAt, &v.SupersededSequenceID)
	snapshot.InUTC(v.SupersededAt)
	return v, err
}
