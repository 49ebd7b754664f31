package eventstore

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

// PoolOf returns the pool of a store.
func PoolOf(s *Store) *pgxpool.Pool { return s.pool }

// The statements that look something up.
var (
	ReadCommands     = readCommands
	ReadStreamHeads  = readStreamHeads
	ReadStreams      = readStreams
	ReadLog          = readLog
	AppendOptimistic = appendOptimistic
)

// Pessimistic tells whether the next batch of a tenant takes the locked path. No command may be under way.
func Pessimistic(s *Store, tenant domain.Tenant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.writers[tenant].cache
	return c.at.IsZero() || time.Now().Before(c.pessimisticUntil)
}

// AlwaysOptimistic has a store assume the next batch after a failed assumption, too.
func AlwaysOptimistic(s *Store) { s.pessimism = 0 }

// Waiting is how many commands wait for their turn.
func Waiting(s *Store) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.writers {
		n += len(w.waiting)
	}
	return n
}

// Unchain makes a store append events without a hash, to measure what the hash costs.
func Unchain(s *Store) {
	s.newChain = func(time.Time) chain { return func(Hash, *Event) Hash { return Hash{} } }
}

// GatherFor makes the batches of a store wait longer for those who are expected.
func GatherFor(s *Store, d time.Duration) { s.gatherFor = d }

// Expecting is a writer's queue, of which a test says what happens.
type Expecting struct {
	s *Store
	w *writer
}

// NewExpecting makes one without a database, whose batches wait so long at most.
func NewExpecting(gatherFor time.Duration) *Expecting {
	s := New(nil, Config{})
	s.gatherFor = gatherFor
	return &Expecting{s, &writer{}}
}

func commandsOf(n int) (all []*request) {
	for range n {
		all = append(all, &request{count: 1})
	}
	return all
}

// Answer says that a batch of n commands took so long and is answered now, and returns for how many the next one waits.
func (e *Expecting) Answer(n int, took time.Duration) (expected int) {
	e.s.expect(e.w, commandsOf(n), took)
	return e.w.expected
}

// Join adds n commands.
func (e *Expecting) Join(n int) {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	for _, r := range commandsOf(n) {
		e.w.waiting = append(e.w.waiting, r)
		e.w.joined()
	}
}

// Take begins a batch, and returns how long it waited for it and how many it has.
func (e *Expecting) Take() (waited time.Duration, n int) {
	began := time.Now()
	e.s.gather(e.w)
	return time.Since(began), len(e.s.take(e.w))
}

// AppendTime is appendTime.
var AppendTime = appendTime
