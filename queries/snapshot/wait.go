package snapshot

import (
	"context"
	"fmt"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// Await returns once a projection has applied minimum, or with an error of kind Unavailable after Config.WaitLimit. The
// wake-ups only shorten the pauses: the checkpoint decides.
func (s *Source) Await(ctx context.Context, tenant domain.Tenant, projection string, minimum int64) error {
	var wake <-chan struct{}
	if s.config.Wake != nil {
		var cancel func()
		wake, cancel = s.config.Wake(string(tenant) + "/" + projection)
		defer cancel()
	}
	limit := time.After(s.config.WaitLimit)
	pause := s.config.Poll
	for {
		position, err := s.checkpoint(ctx, tenant, projection)
		if err != nil || position >= minimum {
			return err
		}
		select {
		case <-wake:
		case <-time.After(pause):
			pause = min(2*pause, 10*s.config.Poll)
		case <-limit:
			return errBehind(projection, position, minimum)
		case <-ctx.Done():
			return eventstore.ReadError(ctx.Err())
		}
	}
}

// ReadCheckpoint reads the lowest position of the projections $2 of tenant $1. A projection that has not started on the
// tenant is at 0.
const ReadCheckpoint = `
select case when count(*) = cardinality($2::text[]) then min(sequence_id) else 0 end
  from projection_checkpoints
 where tenant_id = $1 and projection = any($2)`

func (s *Source) checkpoint(ctx context.Context, tenant domain.Tenant, projection string) (position int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	if err := s.pool.QueryRow(ctx, ReadCheckpoint, tenant, []string{projection}).Scan(&position); err != nil {
		return 0, eventstore.ReadError(fmt.Errorf("read checkpoint: %w", err))
	}
	return position, nil
}

func errBehind(projection string, position, minimum int64) error {
	return domain.Errorf(domain.Unavailable, "the projection %s is at event %d, %d behind event %d",
		projection, position, minimum-position, minimum)
}
