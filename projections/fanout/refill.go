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

// Those that are younger than the stream keeps messages; the checkpoint itself where none is.
const readRefill = `
select coalesce(max(sequence_id), 0)
  from (select sequence_id
          from events
         where tenant_id = $1 and sequence_id <= $2 and created_at < clock_timestamp() - $3::interval
         order by sequence_id desc
         limit 1) as e`

// resumeWithoutTail tells where to begin for a tenant that has no message in the stream.
func (r *Relay) resumeWithoutTail(ctx context.Context, stream jetstream.Stream, tenant domain.Tenant, checkpoint int64) (int64, error) {
	dropped, err := r.droppedForSpace(ctx, stream, tenant)
	if err != nil || dropped {
		return checkpoint, err
	}
	var after int64
	if err := r.pool.QueryRow(ctx, readRefill, tenant, checkpoint, r.config.MaxAge).Scan(&after); err != nil {
		return 0, fmt.Errorf("read where to refill from: %w", err)
	}
	return after, nil
}

// clockSkew is how much the clocks of the database and of the NATS server may differ before a message seems to have left
// before its turn.
const clockSkew = time.Minute

const readRelayed = `
select updated_at, clock_timestamp()
  from projection_checkpoints
 where tenant_id = $1 and projection = $2`

// droppedForSpace tells whether the tenant's messages had to make room for others, which is how the stream loses what it need
// not get back: it is full, the tenant was last relayed into this stream, and what it begins with came later. None of that
// changes by refilling others, and after its own refill a tenant was relayed later than whatever was lost.
func (r *Relay) droppedForSpace(ctx context.Context, stream jetstream.Stream, tenant domain.Tenant) (bool, error) {
	info, err := stream.Info(ctx)
	if err != nil {
		return false, fmt.Errorf("read stream %s: %w", Stream, err)
	}
	var relayed, now time.Time
	err = r.pool.QueryRow(ctx, readRelayed, tenant, Name).Scan(&relayed, &now)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read when it was relayed: %w", err)
	}
	if relayed.Before(r.beginning(info, now)) {
		return false, nil
	}
	return r.full(info) && relayed.Before(info.State.FirstTime.Add(clockSkew)), nil
}

// beginning is since when the stream has kept what it was given, as far as this relay knows: since it was made, or was found
// without any message.
func (r *Relay) beginning(info *jetstream.StreamInfo, now time.Time) time.Time {
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

// full tells whether the stream may have dropped messages for want of room: after it did, the next one might not fit in.
func (r *Relay) full(info *jetstream.StreamInfo) bool {
	limits, held := info.Config, info.State
	return int64(held.Bytes)+r.conn.MaxPayload() >= limits.MaxBytes || limits.MaxMsgs > 0 && int64(held.Msgs) >= limits.MaxMsgs
}
