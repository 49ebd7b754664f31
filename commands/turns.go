package commands

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// turn names a memory whose commands take turns within this process.
type turn struct {
	tenant domain.Tenant
	id     uuid.UUID
}

// turns lets one holder at a time have a memory, in no particular order. It is for speed only: what is correct is
// decided by the expected versions of the log.
type turns struct {
	mu   sync.Mutex
	held map[turn]*queue
}

type queue struct {
	// free holds one token while nobody has the turn.
	free  chan struct{}
	users int
}

// take waits for the turn; leave gives it on and must be called.
func (t *turns) take(ctx context.Context, of turn) (leave func(), err error) {
	q := t.join(of)
	select {
	case <-q.free:
		return func() {
			q.free <- struct{}{}
			t.quit(of, q)
		}, nil
	case <-ctx.Done():
		t.quit(of, q)
		return nil, ctx.Err()
	}
}

func (t *turns) join(of turn) *queue {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = map[turn]*queue{}
	}
	q := t.held[of]
	if q == nil {
		q = &queue{free: make(chan struct{}, 1)}
		q.free <- struct{}{}
		t.held[of] = q
	}
	q.users++
	return q
}

func (t *turns) quit(of turn, q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(t.held, of)
	}
}
