package queries

import (
	"context"
	"time"

	"github.com/auren-memory/auren/domain"
)

// MaxDays is how far back Recent looks at most: a hundred years.
const MaxDays = 36_525

// Recent returns the active memories of an agent and user that were created or changed in the last days,
// the latest first. An empty agent or user means all of them; limit is as in Page.
func (r *Reader) Recent(ctx context.Context, tenant domain.Tenant, agentID, userID string, days, limit int, minSequenceID int64) (ListResult, error) {
	if days < 1 || days > MaxDays {
		return ListResult{}, domain.Invalidf("days", "must be 1 to %d, got %d", MaxDays, days)
	}
	// Creating a memory updates it, too.
	since := r.source.Now().Add(-time.Duration(days) * 24 * time.Hour)
	return r.List(ctx, tenant, Filter{AgentID: agentID, UserID: userID, UpdatedAfter: &since},
		Page{Order: ByUpdated, Descending: true, Limit: limit}, At{MinSequenceID: minSequenceID})
}
