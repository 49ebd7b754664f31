package eventstore

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolOf returns the pool of a store.
func PoolOf(s *Store) *pgxpool.Pool { return s.pool }

// The statements that look something up within an append.
const (
	ReadCommands    = readCommands
	ReadStreamHeads = readStreamHeads
	ReadStreams     = readStreams
	MoveHead        = moveHead + ifForeseen + ifNew + insertEvents + manyEvents
)

// MarkOf is the id of the first event of a command.
var MarkOf = markOf

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
	s.newChain = func() chain { return func(Hash, *Event) Hash { return Hash{} } }
}

// GatherFor makes the batches of a store wait longer for those who are expected.
func GatherFor(s *Store, d time.Duration) { s.gatherFor = d }

// SkipsAfter tells how many batches do not wait after the last of some that did, of which each says whether all came.
func SkipsAfter(came ...bool) int {
	var g gathering
	for _, all := range came {
		g.skip = 0
		g.came(all)
	}
	return g.skip
}
