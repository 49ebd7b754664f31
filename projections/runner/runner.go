package runner

import (
	"context"
	"math"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Runner keeps one projection, or one sink, of all tenants up to date. Any number of runners, in any number of
// processes, may run for the same projection: the leases divide the tenants among them.
type Runner struct {
	pool    *pgxpool.Pool
	store   *eventstore.Store
	watcher *eventstore.Watcher
	config  Config
	log     *zap.Logger

	name    string
	version int
	// Either of the two is nil.
	projection projections.Projection
	sink       projections.Sink

	again chan struct{}

	// until is where CatchUpTo goes; a tenant that is not in it is followed to the head of its log.
	until map[domain.Tenant]int64

	mu        sync.Mutex
	followers map[domain.Tenant]*follower
	// share is how many tenants to lead at most.
	share int

	// aside says that all tenants are left to other runners. Used only by whoever begins turns.
	aside bool
}

// New makes a runner for a projection. The watcher is one of eventstore.LogChannel; whoever made it runs
// it. The pool should have room for twice Concurrency connections and one more; with fewer, turns wait for each other.
func New(pool *pgxpool.Pool, store *eventstore.Store, watcher *eventstore.Watcher, config Config, p projections.Projection) *Runner {
	r := newRunner(pool, store, watcher, config, p.Name(), p.Version())
	r.projection = p
	return r
}

// NewSink makes a runner for a sink. The watcher is one of Channel.
func NewSink(pool *pgxpool.Pool, store *eventstore.Store, watcher *eventstore.Watcher, config Config, s projections.Sink) *Runner {
	r := newRunner(pool, store, watcher, config, s.Name(), s.Version())
	r.sink = s
	return r
}

func newRunner(pool *pgxpool.Pool, store *eventstore.Store, watcher *eventstore.Watcher, config Config, name string, version int) *Runner {
	config = config.withDefaults()
	return &Runner{
		pool: pool, store: store, watcher: watcher, config: config,
		log:  config.Log.With(zap.String("projection", name), zap.String("holder", config.Holder)),
		name: name, version: version,
		again: make(chan struct{}, 1), followers: map[domain.Tenant]*follower{}, share: math.MaxInt,
	}
}

// Run serves its share of the tenants until ctx ends, gives the leases back and returns nil. It must not be called
// twice at a time.
func (r *Runner) Run(ctx context.Context) error {
	defer r.release(ctx)
	r.run(ctx)
	return nil
}

func (r *Runner) run(ctx context.Context) {
	wake, cancel := r.watcher.Subscribe("")
	defer cancel()
	var working sync.WaitGroup
	defer working.Wait()
	r.beat(ctx)
	working.Go(func() { r.heartbeat(ctx) })

	slots := make(chan struct{}, r.config.Concurrency)
	for failures := 0; ctx.Err() == nil; {
		due, err := r.look(ctx)
		pause := r.config.Poll
		if failures++; err == nil {
			failures = 0
		} else if ctx.Err() == nil {
			pause = backoff(failures)
			r.log.Warn("the tenants could not be read; trying again", zap.Duration("in", pause), zap.Error(err))
		}
		poll := time.After(pause)
		r.beginAll(ctx, due, slots, &working, poll)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-r.again:
		case <-poll:
		}
	}
}

// look gives back what exceeds the share and lists the followers that should have a turn.
func (r *Runner) look(ctx context.Context) ([]*follower, error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	if err := r.standAside(ctx); err != nil || r.aside {
		return nil, err
	}
	if err := r.giveBack(ctx); err != nil {
		return nil, err
	}
	return r.due(ctx)
}

// lookAgain makes Run look at once.
func (r *Runner) lookAgain() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// beginAll begins a turn for each follower as slots come free. To look for all tenants again whenever one does would take longer
// than their turns where there are thousands. But after a while it is given up, since others may be more in need of a turn
// by then; those that are left are due again at the next look.
func (r *Runner) beginAll(ctx context.Context, due []*follower, slots chan struct{}, working *sync.WaitGroup, giveUp <-chan time.Time) {
	for _, f := range due {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		case <-giveUp:
			r.lookAgain()
			return
		}
		r.mu.Lock()
		f.serving = true
		r.mu.Unlock()
		working.Go(func() {
			defer func() {
				<-slots
				// What came in the meantime is due now.
				r.lookAgain()
			}()
			r.turn(ctx, f)
		})
	}
}

// turn serves a follower and, where that fails, decides when to try again.
func (r *Runner) turn(ctx context.Context, f *follower) {
	err := r.serve(ctx, f)
	r.mu.Lock()
	defer r.mu.Unlock()
	f.serving = false
	if err == nil || ctx.Err() != nil {
		f.failures, f.retryAt = 0, time.Time{}
		return
	}
	f.failures++
	pause := backoff(f.failures)
	f.retryAt = time.Now().Add(pause)
	r.log.Warn("the log of a tenant could not be followed; trying again",
		tenantField(f.tenant), zap.Duration("in", pause), zap.Error(err))
}

func tenantField(tenant domain.Tenant) zap.Field { return zap.String("tenant", string(tenant)) }

// backoff grows from about 0.1 s to about 5 s, with jitter so that not all come back at once.
func backoff(failures int) time.Duration {
	pause := min(100*time.Millisecond<<min(failures-1, 10), 5*time.Second)
	return pause/2 + mathrand.N(pause)
}
