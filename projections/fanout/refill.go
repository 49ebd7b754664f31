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
	dropped, err := r.droppedForSpace(ctx, stream, tenant, checkpoint)
	if err != nil || dropped {
		return checkpoint, err
	}
	var after int64
	if err := r.pool.QueryRow(ctx, readRefill, tenant, checkpoint, r.config.MaxAge).Scan(&after); err != nil {
		return 0, fmt.Errorf("read where to refill from: %w", err)
	}
	return after, nil
}

const readRecorded = `
select created_at
  from events
 where tenant_id = $1 and sequence_id = $2`

// droppedForSpace tells whether the stream is full of what is younger than the tenant's last event that was relayed,
// which is how it loses what it need not get back. A stream that is not full has lost its messages.
func (r *Relay) droppedForSpace(ctx context.Context, stream jetstream.Stream, tenant domain.Tenant, checkpoint int64) (bool, error) {
	info, err := stream.Info(ctx)
	if err != nil {
		return false, fmt.Errorf("read stream %s: %w", Stream, err)
	}
	if info.State.Msgs == 0 || int64(info.State.Bytes)+r.conn.MaxPayload() < r.config.MaxBytes {
		return false, nil
	}
	first, err := stream.GetMsg(ctx, info.State.FirstSeq)
	if err != nil {
		return false, fmt.Errorf("read the first message: %w", err)
	}
	oldest, err := time.Parse(time.RFC3339Nano, first.Header.Get(headerRecordedTime))
	if err != nil {
		oldest = first.Time // no message of a relay
	}
	var last time.Time
	err = r.pool.QueryRow(ctx, readRecorded, tenant, checkpoint).Scan(&last)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read event %d: %w", checkpoint, err)
	}
	return last.Before(oldest), nil
}
