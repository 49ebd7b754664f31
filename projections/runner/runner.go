package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/lease"
)

// Runner keeps projections or sinks up to date for all tenants. Any number of runners, in any number of processes, may run
// for the same projection: they share the tenants.
type Runner struct {
	worker
	watcher       *eventstore.Watcher
	subscriptions []*subscription
	again         chan struct{}
}

// New makes a runner for projections. The watcher must watch eventstore.LogChannel; its owner runs it. The pool should have
// room for twice Concurrency connections and one more; with fewer, turns wait for each other.
func New(pool *pgxpool.Pool, log *eventstore.Log, watcher *eventstore.Watcher, config Config, all ...projections.Projection) *Runner {
	r := newRunner(pool, log, watcher, config)
	for _, p := range all {
		r.subscribe(&subscription{name: p.Name(), version: p.Version(), categories: p.Categories(), projection: p})
	}
	return r
}

// NewSink makes a runner for sinks. The watcher must watch projections.Channel.
func NewSink(pool *pgxpool.Pool, log *eventstore.Log, watcher *eventstore.Watcher, config Config, all ...projections.Sink) *Runner {
	r := newRunner(pool, log, watcher, config)
	for _, s := range all {
		r.subscribe(&subscription{name: s.Name(), version: s.Version(), categories: s.Categories(), after: s.After(), sink: s})
	}
	return r
}

func newRunner(pool *pgxpool.Pool, log *eventstore.Log, watcher *eventstore.Watcher, config Config) *Runner {
	config = config.withDefaults()
	return &Runner{
		worker: worker{
			pool: pool, events: log, config: config, units: &units{all: map[lease.Key]*unit{}},
			leases: lease.Table{Pool: pool, Holder: config.Holder, TTL: config.LeaseTTL},
		},
		watcher: watcher, again: make(chan struct{}, 1),
	}
}

func (r *Runner) subscribe(s *subscription) {
	s.self = r.config.Holder
	r.subscriptions = append(r.subscriptions, s)
}

// Leading returns the number of tenants for which this runner leads a projection.
func (r *Runner) Leading(projection string) int {
	leading := 0
	for _, l := range r.units.held() {
		if l.Projection == projection {
			leading++
		}
	}
	return leading
}

// Run keeps this runner's share of the units up to date until ctx ends, releases the leases and returns nil. It must not be
// called concurrently.
func (r *Runner) Run(ctx context.Context) error {
	defer r.releaseAll(ctx)
	r.run(ctx)
	return nil
}

func (r *Runner) run(ctx context.Context) {
	wake, cancel := r.watcher.Subscribe("")
	defer cancel()
	var working sync.WaitGroup
	defer working.Wait()
	r.heartbeat(ctx)
	working.Go(func() { r.heartbeats(ctx) })

	slots := make(chan struct{}, r.config.Concurrency)
	for failures := 0; ctx.Err() == nil; {
		due, err := r.poll(ctx)
		pause := r.config.Poll
		if failures++; err == nil {
			failures = 0
		} else if ctx.Err() == nil {
			pause = backoff(failures)
			r.config.Log.Warn("the tenants could not be read; trying again", zap.Duration("in", pause), zap.Error(err))
		}
		next := time.After(pause)
		r.beginTurns(ctx, due, slots, &working, next)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-r.again:
		case <-next:
		}
	}
}

// poll returns the units that should have a turn.
func (r *Runner) poll(ctx context.Context) ([]*unit, error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	var active []*subscription
	for _, s := range r.subscriptions {
		if err := r.suspendOrResume(ctx, s); err != nil {
			return nil, err
		}
		if !s.suspended {
			active = append(active, s)
		}
	}
	return r.due(ctx, active)
}

// pollAgain makes run poll at once.
func (r *Runner) pollAgain() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// beginTurns begins a turn for each unit as slots become free. With thousands of units, polling for each free slot would
// take longer than the turns. It gives up at the time of the next poll, since other units may be more urgent by then; the
// remaining ones are due again.
func (r *Runner) beginTurns(ctx context.Context, due []*unit, slots chan struct{}, working *sync.WaitGroup, giveUp <-chan time.Time) {
	for _, u := range due {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		case <-giveUp:
			r.pollAgain()
			return
		}
		r.units.locked(func() { u.inTurn = true })
		working.Go(func() {
			defer func() {
				<-slots
				r.pollAgain() // for events that came in the meantime
			}()
			r.turnOrPause(ctx, u)
		})
	}
}

// heartbeats sends heartbeats until ctx ends.
func (r *Runner) heartbeats(ctx context.Context) {
	tick := time.NewTicker(r.config.LeaseTTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.heartbeat(ctx)
		}
	}
}

// heartbeat registers this runner as alive and renews its leases, but not for a sink whose target it cannot reach.
func (r *Runner) heartbeat(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, r.config.LeaseTTL)
	defer cancel()
	var failed []error
	reachable := map[string]bool{}
	for _, s := range r.subscriptions {
		if s.reachable() {
			reachable[s.name] = true
			failed = append(failed, r.leases.Register(bounded, s.name, s.version))
		}
	}
	failed = append(failed, r.renew(bounded, reachable))
	if err := errors.Join(failed...); err != nil && ctx.Err() == nil {
		r.config.Log.Warn("the leases could not be renewed", zap.Error(err))
	}
}

func (r *Runner) renew(ctx context.Context, reachable map[string]bool) error {
	held := slices.DeleteFunc(r.units.held(), func(l lease.Lease) bool { return !reachable[l.Projection] })
	if len(held) == 0 {
		return nil
	}
	missing, err := r.leases.Renew(ctx, held)
	if err != nil {
		return err
	}
	for _, l := range r.units.dropLost(missing) {
		r.log(l.Key).Info("the lease was lost", zap.Int64("term", l.Term))
	}
	return nil
}

// suspendOrResume leaves the tenants of a sink to other runners while its target cannot be reached.
func (r *Runner) suspendOrResume(ctx context.Context, s *subscription) (err error) {
	suspend := !s.reachable()
	said := "the target can be reached again; this runner leads its share of the tenants again"
	switch {
	case suspend == s.suspended:
		return nil
	case suspend:
		said = "the target cannot be reached; the tenants are left to other runners"
		err = r.leases.ReleaseAll(ctx, s.name, r.units.dropAll(s))
	default:
		err = r.leases.Register(ctx, s.name, s.version)
	}
	if err != nil {
		return fmt.Errorf("suspend: %w", err)
	}
	s.suspended = suspend
	r.config.Log.Info(said, zap.String("projection", s.name), zap.String("holder", s.self))
	return nil
}

// releaseAll releases all leases, so that other runners need not wait until they expire. A unit that has a turn keeps its
// lease.
func (r *Runner) releaseAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.config.LeaseTTL)
	defer cancel()
	for _, s := range r.subscriptions {
		if err := r.leases.ReleaseAll(ctx, s.name, r.units.dropAll(s)); err != nil {
			r.config.Log.Warn("the leases could not be released; they expire by themselves", zap.Error(err))
		}
	}
}
