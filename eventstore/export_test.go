package eventstore

import "github.com/jackc/pgx/v5/pgxpool"

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
