package runner

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/lease"
)

// subscription is a projection or a sink that the runner keeps up to date for all tenants.
type subscription struct {
	name    string
	version int
	// categories are those of the events that it receives; nil means eventstore.CategoryMemory.
	categories []string
	// after is the projection that a sink follows; empty: the log itself.
	after string
	// Exactly one of the two is set.
	projection projections.Projection
	sink       projections.Sink

	// self is the name of this runner.
	self string
	// holders are the live runners that share the tenants; none if this one is not among them, as in CatchUp. Guarded by units.mu.
	holders []string
	// suspended means that this runner leaves all tenants to others. Used only by poll.
	suspended bool
}

func (s *subscription) reachable() bool { return s.sink == nil || s.sink.Reachable() }

// owns reports whether this runner should lead a unit. units.mu must be held.
func (s *subscription) owns(unit lease.Key) bool {
	return len(s.holders) == 0 || lease.Owner(s.holders, unit) == s.self
}

// unit is a projection or a sink for one tenant: it has a lease and a checkpoint, and gets turns.
type unit struct {
	*subscription

	// Guarded by units.mu. The lease is written only during a turn, or while there is none.
	lease.Lease
	// owned means that this runner, among the live holders, should lead the unit.
	owned bool
	// inTurn means that the unit has a turn now.
	inTurn  bool
	stopped *projections.StoppedError
	// stoppedHead is the head of the log when the unit last had a turn.
	stoppedHead int64
	failures    int
	retryAt     time.Time

	// reported means that the checkpoint's foreign version was logged. Used only by poll.
	reported bool

	// For a sink, used only during a turn: whether Resume was called under this lease, which events not to deliver, and from
	// how many skip events that was read.
	resumed bool
	skips   int
	skipped map[int64]bool
}

// units are the units that a runner knows.
type units struct {
	mu  sync.Mutex
	all map[lease.Key]*unit
}

// locked calls do with exclusive access to all units.
func (us *units) locked(do func()) {
	us.mu.Lock()
	defer us.mu.Unlock()
	do()
}

// of returns a unit; it adds it if it is new.
func (us *units) of(s *subscription, tenant domain.Tenant) *unit {
	us.mu.Lock()
	defer us.mu.Unlock()
	k := lease.Key{Projection: s.name, Tenant: tenant}
	u := us.all[k]
	if u == nil {
		u = &unit{subscription: s, Lease: lease.Lease{Key: k}, owned: s.owns(k)}
		us.all[k] = u
	}
	return u
}

// share recomputes which units of a subscription this runner should lead, if the live holders changed.
func (us *units) share(s *subscription, holders []string) {
	if !slices.Contains(holders, s.self) {
		holders = nil
	}
	us.mu.Lock()
	defer us.mu.Unlock()
	if slices.Equal(holders, s.holders) {
		return
	}
	s.holders = holders
	for _, u := range us.all {
		if u.subscription == s {
			u.owned = s.owns(u.Key)
		}
	}
}

// dropLease forgets a lease, so that the next turn acquires it again and reads the checkpoint. mu must be held.
func (u *unit) dropLease() { u.Term, u.stopped = 0, nil }

// each calls do with every unit. do must not call methods of units.
func (us *units) each(do func(u *unit)) {
	us.mu.Lock()
	defer us.mu.Unlock()
	for _, u := range us.all {
		do(u)
	}
}

// held returns the leases that the runner holds.
func (us *units) held() (held []lease.Lease) {
	us.each(func(u *unit) {
		if u.Term > 0 {
			held = append(held, lease.Lease{Key: u.Key, Term: u.Term})
		}
	})
	return held
}

// dropLost drops leases that could not be renewed and returns them. A unit that has a turn notices by itself.
func (us *units) dropLost(missing []lease.Lease) (lost []lease.Lease) {
	us.mu.Lock()
	defer us.mu.Unlock()
	for _, l := range missing {
		if u := us.all[l.Key]; u.Term == l.Term && !u.inTurn {
			u.dropLease()
			lost = append(lost, l)
		}
	}
	return lost
}

// dropExcess drops the leases of units that another holder should lead, and returns them. A unit that has a turn keeps its lease
// until the turn ends.
func (us *units) dropExcess() (excess []lease.Lease) {
	us.each(func(u *unit) {
		if u.Term > 0 && !u.owned && !u.inTurn {
			excess = append(excess, u.Lease)
			u.dropLease()
		}
	})
	return excess
}

// dropAll drops the leases of a subscription and returns the tenants that have a turn, which keep theirs.
func (us *units) dropAll(s *subscription) []domain.Tenant {
	inTurn := []domain.Tenant{}
	us.each(func(u *unit) {
		switch {
		case u.subscription != s:
		case u.inTurn:
			inTurn = append(inTurn, u.Tenant)
		default:
			u.dropLease()
		}
	})
	return inTurn
}

// stopped returns the errors of all units that are stopped.
func (us *units) stopped() error {
	var stopped []error
	us.each(func(u *unit) {
		if u.stopped != nil {
			stopped = append(stopped, u.stopped)
		}
	})
	return errors.Join(stopped...)
}
