package eventstore

import "github.com/jackc/pgx/v5/pgxpool"

// PoolOf returns the pool of a store.
func PoolOf(s *Store) *pgxpool.Pool { return s.pool }
