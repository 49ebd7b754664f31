package eventstore_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

// BenchmarkAppend appends events of about 1 KB, one a command, beside its floor: the bare insertion of the same row
// in a transaction of its own, without any of the guarantees.
func BenchmarkAppend(b *testing.B) {
	server := pgtest.NewServer(b)
	pool, err := pgxpool.New(b.Context(), server.DSN()+"&pool_max_conns=50")
	require.NoError(b, err)
	defer pool.Close()
	_, err = pool.Exec(b.Context(), `create table floor (tenant_id text, sequence_id bigint generated always as identity, event_id uuid,
		stream_id uuid, version int, payload jsonb, metadata jsonb, created_at timestamptz default now(), primary key (tenant_id, sequence_id))`)
	require.NoError(b, err)
	store := eventstore.New(pool, eventstore.Config{})
	defer store.Close()
	text, _ := json.Marshal(map[string]string{"text": strings.Repeat("a memory of some length, ", 38)})

	for _, clients := range []int{1, 8, 32, 100, 1000} {
		b.Run(fmt.Sprintf("floor/clients=%d", clients), func(b *testing.B) {
			each(b, clients, func() error {
				_, err := pool.Exec(b.Context(), `insert into floor (tenant_id, event_id, stream_id, version, payload, metadata) values ($1, $2, $3, 1, $4, '{}')`,
					"default", uuid.New(), uuid.New(), string(text))
				return err
			})
		})
		b.Run(fmt.Sprintf("append/clients=%d", clients), func(b *testing.B) {
			each(b, clients, func() error {
				_, err := store.Append(b.Context(), writes(uuid.New(), eventstore.None, string(text)))
				return err
			})
		})
	}
}

// each runs do b.N times by a number of clients and reports events a second.
func each(b *testing.B, clients int, do func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var working sync.WaitGroup
	for range clients {
		working.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
