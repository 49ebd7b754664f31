package eventstore

import (
	"cmp"
	"context"
	"time"

	"github.com/auren-memory/auren/domain"
)

// FollowLimits tunes Follow; its zero value works.
type FollowLimits struct {
	// Batch is how many events are read at once at most; default 500.
	Batch int
	// Poll is how long to wait for a notification before looking anyway; default 1 s.
	Poll time.Duration
}

// Follow calls each with the pages of a tenant's log after a sequence_id, in order and without an end: at the end of
// the log it waits for more. Pages without a matching event are passed on too if they move Next. It
// returns when each returns an error, with that error; when the log cannot be read, with that; when Filter.Until
// is reached, with nil; and when ctx ends, with ctx's error.
func (l *Log) Follow(ctx context.Context, w *Watcher, tenant domain.Tenant, after int64, f Filter, limits FollowLimits,
	each func(Page) error,
) error {
	limits.Batch = cmp.Or(limits.Batch, 500)
	limits.Poll = cmp.Or(limits.Poll, time.Second)
	wake, cancel := w.Subscribe(string(tenant))
	defer cancel()
	for {
		page, err := l.ReadLog(ctx, tenant, after, f, limits.Batch)
		if err != nil {
			return err
		}
		if page.Next > after {
			if err := each(page); err != nil {
				return err
			}
			after = page.Next
		}
		if f.Until > 0 && after >= f.Until {
			return nil
		}
		if page.More {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-time.After(limits.Poll):
		}
	}
}
