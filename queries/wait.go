package queries

import (
	"context"
	"fmt"
	"time"

	"github.com/auren-memory/auren/domain"
)

// await returns once a projection has applied minimum, or with an error of kind Unavailable after the
// configured limit. The wake-ups only shorten the pauses; looking at the checkpoint is what decides.
func (r *Reader) await(ctx context.Context, tenant domain.Tenant, projection string, minimum int64) error {
	var wake <-chan struct{}
	if r.config.Wake != nil {
		var cancel func()
		wake, cancel = r.config.Wake(string(tenant) + "/" + projection)
		defer cancel()
	}
	limit := time.NewTimer(r.config.WaitLimit)
	defer limit.Stop()
	pause := r.config.Poll
	for {
		position, err := r.checkpoint(ctx, tenant, projection)
		if err != nil || position >= minimum {
			return err
		}
		poll := time.NewTimer(pause)
		select {
		case <-wake:
		case <-poll.C:
			pause = min(2*pause, 10*r.config.Poll)
		case <-limit.C:
			poll.Stop()
			return behind(projection, position, minimum)
		case <-ctx.Done():
			poll.Stop()
			return translate(ctx.Err())
		}
		poll.Stop()
	}
}

func (r *Reader) checkpoint(ctx context.Context, tenant domain.Tenant, projections ...string) (position int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	if err := r.pool.QueryRow(ctx, readCheckpoint, tenant, projections).Scan(&position); err != nil {
		return 0, translate(fmt.Errorf("read checkpoint: %w", err))
	}
	return position, nil
}

func behind(projection string, position, minimum int64) error {
	return domain.Errorf(domain.Unavailable, "the projection %s is at %d, %d was asked for, %d behind",
		projection, position, minimum, minimum-position)
}
