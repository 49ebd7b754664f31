package eventstore

import "github.com/jackc/pgx/v5/pgxpool"

// PoolOf returns the pool of a store.
func PoolOf(s *Store) *pgxpool.Pool { return s.pool }

// Encode is what is kept of an outcome.
func Encode(o Outcome) []byte { return o.encode() }

// Unchain makes a store append events without a hash, to measure what the hash costs.
func Unchain(s *Store) {
	s.newChain = func() chain { return func(Hash, *Event) Hash { return Hash{} } }
}
