package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/domain"
)

// The last relayed event that is older than the stream's maximum age; 0 if there is none.
const readRefill = `
select coalesce(max(sequence_id), 0)
  from (select sequence_id
          from events
         where tenant_id = $1 and sequence_id <= $2 and created_at < clock_timestamp() - $3::interval
         order by sequence_id desc
         limit 1) as e`

// resumeWithoutTail returns where to resume for a tenant without messages in the stream: at the checkpoint if they were
// dropped to make room for others, else with the oldest event that the stream would still keep.
func (r *Relay) resumeWithoutTail(ctx context.Context, stream jetstream.Stream, tenant domain.Tenant, checkpoint int64) (int64, error) {
	t, err := r.readClues(ctx, stream, tenant)
	if err != nil || t.madeRoom() {
		return checkpoint, err
	}
	var after int64
	if err := r.pool.QueryRow(ctx, readRefill, tenant, checkpoint, r.config.MaxAge).Scan(&after); err != nil {
		return 0, fmt.Errorf("read where to refill from: %w", err)
	}
	return after, nil
}

// clues tell why the stream holds no message of a tenant.
type clues struct {
	relayed time.Time // when the tenant's checkpoint last moved; zero if never
	began   time.Time // since when the stream has kept its messages
	oldest  time.Time // the time of the stream's oldest message
	full    bool
}

// clockSkew bounds the difference between the clocks of the database and the NATS server.
const clockSkew = time.Minute

// madeRoom reports whether the tenant's messages were dropped to make room for others, so that they need not be relayed
// again. Refilling other tenants does not change the answer; after its own refill, a tenant was relayed later than the
// loss.
func (t clues) madeRoom() bool {
	switch {
	case t.relayed.IsZero():
		return false // no event was relayed yet
	case t.relayed.Before(t.began):
		return false // the events were relayed into an earlier stream, or lost with all other messages
	case !t.full:
		return false // lost, purged, or dropped for their age
	default:
		return t.relayed.Before(t.oldest.Add(clockSkew)) // otherwise older messages of other tenants would have been dropped first
	}
}

const readRelayed = `
select updated_at, clock_timestamp()
  from projection_checkpoints
 where tenant_id = $1 and projection = $2`

func (r *Relay) readClues(ctx context.Context, stream jetstream.Stream, tenant domain.Tenant) (t clues, err error) {
	info, err := stream.Info(ctx)
	if err != nil {
		return t, fmt.Errorf("read stream %s: %w", Stream, err)
	}
	var now time.Time
	err = r.pool.QueryRow(ctx, readRelayed, tenant, Name).Scan(&t.relayed, &now)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, nil
	}
	if err != nil {
		return t, fmt.Errorf("read when the tenant was last relayed: %w", err)
	}
	t.began, t.oldest, t.full = r.began(info, now), info.State.FirstTime, r.full(info)
	return t, nil
}

// began returns since when the stream has kept its messages, as far as this relay knows: since it was created, or was
// last found empty.
func (r *Relay) began(info *jetstream.StreamInfo, now time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if info.State.Msgs == 0 {
		r.emptied = now
	}
	if r.emptied.After(info.Created) {
		return r.emptied
	}
	return info.Created
}

// full reports whether the stream may have dropped messages for lack of space: then the next one might not fit.
func (r *Relay) full(info *jetstream.StreamInfo) bool {
	limits, held := info.Config, info.State
	return int64(held.Bytes)+r.conn.MaxPayload() >= limits.MaxBytes || limits.MaxMsgs > 0 && int64(held.Msgs) >= limits.MaxMsgs
}
