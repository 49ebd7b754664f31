package queries

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// MaxGroups is how many scopes, and how many types, Stats returns at most: those with the most memories.
const MaxGroups = 1000

// Counts describes a set of memories.
type Counts struct {
	Active    int64 `json:"active"`
	Forgotten int64 `json:"forgotten"`
	Expired   int64 `json:"expired"`
	// Total counts memories in every state.
	Total int64 `json:"total"`
	// AverageConfidence is that of the active memories; nil if there are none.
	AverageConfidence *float64 `json:"average_confidence"`
	// OldestCreatedAt, NewestCreatedAt and LastUpdatedAt are over every state; nil if there is no memory.
	OldestCreatedAt *time.Time `json:"oldest_created_at"`
	NewestCreatedAt *time.Time `json:"newest_created_at"`
	LastUpdatedAt   *time.Time `json:"last_updated_at"`
}

// TypeCounts are the memories of one type.
type TypeCounts struct {
	Type string `json:"memory_type"`
	Counts
}

// ScopeCounts are the memories of one agent and user.
type ScopeCounts struct {
	AgentID string `json:"agent_id"`
	UserID  string `json:"user_id"`
	Counts
}

// Stats counts memories in total, by type and by scope.
type Stats struct {
	Counts
	// Types and Scopes are ordered by their number of memories, the most first; at most MaxGroups of each.
	Types  []TypeCounts  `json:"types"`
	Scopes []ScopeCounts `json:"scopes"`
	// Incomplete says that there are more types or scopes than are listed; the counts above cover them all.
	Incomplete bool `json:"incomplete,omitempty"`
	// SequenceID is the position that the numbers reflect.
	SequenceID int64 `json:"sequence_id"`
}

// Stats counts the memories that match, in any state unless the filter names one.
func (r *Reader) Stats(ctx context.Context, tenant domain.Tenant, f Filter, at At) (Stats, error) {
	f.State = cmp.Or(f.State, StateAll)
	where, err := f.Check()
	if err != nil {
		return Stats{}, err
	}
	snap, err := r.source.At(ctx, tenant, at)
	if err != nil {
		return Stats{}, err
	}
	args := filter.Args{tenant}
	scope := where.SQL(filter.Memories, snap.Moment, &args)
	sql := selectStats(snap.Select(&args, scope, ""), args.Add(MaxGroups+1))
	var groups []group
	position, err := r.source.Answer(ctx, snap, sql, args, snapshot.CollectInto(&groups, scanGroup))
	if err != nil {
		return Stats{}, fmt.Errorf("count memories: %w", err)
	}
	stats := Stats{Types: []TypeCounts{}, Scopes: []ScopeCounts{}, SequenceID: position}
	for _, g := range groups {
		switch {
		case g.agentID != nil && len(stats.Scopes) < MaxGroups:
			stats.Scopes = append(stats.Scopes, ScopeCounts{*g.agentID, *g.userID, g.counts})
		case g.memoryType != nil && len(stats.Types) < MaxGroups:
			stats.Types = append(stats.Types, TypeCounts{*g.memoryType, g.counts})
		case g.agentID == nil && g.memoryType == nil:
			stats.Counts = g.counts
		default:
			stats.Incomplete = true
		}
	}
	return stats, nil
}

// selectStats reads the memories once, grouped by everything, and adds those groups up three times. It adds confidences up as
// whole numbers: a sum of floats depends on the order in which they are read, so that the past would not answer to the last
// digit what it answered then.
func selectStats(memories, limit string) string {
	return `
with parts as (
    select agent_id, user_id, memory_type,
           count(*) filter (where state = 'active') as active,
           count(*) filter (where state = 'forgotten') as forgotten,
           count(*) filter (where state = 'expired') as expired,
           count(*) as total,
           sum((confidence_score * ` + confidenceUnit + `)::bigint) filter (where state = 'active') as confidence,
           min(created_at) as oldest, max(created_at) as newest, max(updated_at) as updated
      from (` + memories + `) as memories
     group by agent_id, user_id, memory_type
), sums as (
    select agent_id, user_id, memory_type, sum(active)::bigint as active, sum(forgotten)::bigint as forgotten,
           sum(expired)::bigint as expired, sum(total)::bigint as total,
           (sum(confidence)::float8 / ` + confidenceUnit + `) / nullif(sum(active), 0)::float8 as confidence,
           min(oldest) as oldest, max(newest) as newest, max(updated) as updated,
           row_number() over (partition by grouping(agent_id, memory_type)
                              order by sum(total) desc, agent_id, user_id, memory_type) as place
      from parts
     group by grouping sets ((), (memory_type), (agent_id, user_id))
)
select agent_id, user_id, memory_type, coalesce(active, 0), coalesce(forgotten, 0), coalesce(expired, 0),
       coalesce(total, 0), confidence, oldest, newest, updated
  from sums
 where place <= ` + limit + `
 order by place`
}

// confidenceUnit is 2^53: a confidence of at least 0.5 is a whole number of such parts, a lower one is within half a part.
const confidenceUnit = "9007199254740992"

// group is one row of selectStats; columns it is not grouped by are nil.
type group struct {
	agentID, userID, memoryType *string
	counts                      Counts
}

func scanGroup(row pgx.CollectableRow) (g group, err error) {
	c := &g.counts
	err = row.Scan(&g.agentID, &g.userID, &g.memoryType, &c.Active, &c.Forgotten, &c.Expired,
		&c.Total, &c.AverageConfidence, &c.OldestCreatedAt, &c.NewestCreatedAt, &c.LastUpdatedAt)
	snapshot.InUTC(c.OldestCreatedAt, c.NewestCreatedAt, c.LastUpdatedAt)
	return g, err
}
