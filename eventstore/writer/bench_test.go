package writer_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// benchPool is a pool as the server has it, on a database of its own.
func benchPool(b *testing.B) *pgxpool.Pool {
	b.Helper()
	config, err := pgxpool.ParseConfig(pgtest.NewServer(b).DSN() + "&pool_max_conns=50")
	require.NoError(b, err)
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgxuuid.Register(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	return pool
}

// BenchmarkGuarantees measures what the hash chain and the idempotency of commands cost together: 100 clients remember
// 1 KB each with both and with neither, in turns. It reports the share of the throughput that they take, with ids of commands
// that are ordered by time, as is recommended, and with random ones. The turns are short and many: a machine or a disk that
// stalls spoils a few of them, which the median passes over.
func BenchmarkGuarantees(b *testing.B) {
	pool := benchPool(b)
	text := canonjson.NewObject(nil).Text("text", strings.Repeat("a memory of some length, ", 38)).Done()
	const clients, turn, rounds = 100, 100 * time.Millisecond, 75
	// Each appends to a log of its own.
	side := func(name domain.Tenant, chained, identified bool, newID func() string) (perSecond func() float64) {
		var options []writer.Option
		if !chained {
			options = append(options, writer.Unchained)
		}
		w := writer.NewTest(pool, writer.Config{}, options...)
		b.Cleanup(w.Close)
		handler := commands.New(eventstore.NewLog(pool), w, commands.Config{})
		return func() float64 {
			var done atomic.Int64
			began := time.Now()
			var working sync.WaitGroup
			for range clients {
				working.Go(func() {
					for time.Since(began) < turn {
						request := commands.Request{Tenant: name}
						// To make an id is the client's work, and costs all of them the same.
						if id := newID(); identified {
							request.Meta.CommandID = id
						}
						if _, err := handler.Remember(b.Context(), request, commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: text}}); err != nil {
							b.Error(err)
							return
						}
						done.Add(1)
					}
				})
			}
			working.Wait()
			return float64(done.Load()) / time.Since(began).Seconds()
		}
	}
	sequential := func() string { return uuid.Must(uuid.NewV7()).String() }
	sides := []struct {
		name string
		rate func() float64
	}{
		{"neither", side("neither", false, false, sequential)},
		{"both", side("both", true, true, sequential)},
		{"chain", side("chain", true, false, sequential)},
		{"ids", side("ids", false, true, sequential)},
		{"both-random-ids", side("random", true, true, uuid.NewString)},
	}
	counted := make([]byte, 48<<20) // as in the server, whose heap is collected as rarely
	for b.Loop() {
		costs := make([][]float64, len(sides))
		for range rounds {
			rates := make([]float64, len(sides))
			for _, i := range rand.Perm(len(sides)) { // what one leaves to do for the next falls to all of them
				rates[i] = sides[i].rate()
			}
			for i := 1; i < len(sides); i++ {
				costs[i] = append(costs[i], 100*(1-rates[i]/rates[0]))
			}
		}
		for i := 1; i < len(sides); i++ {
			slices.Sort(costs[i])
			b.ReportMetric(costs[i][rounds/2], "%"+sides[i].name)
		}
		b.ReportMetric(costs[1][rounds/4], "%both-quartile1")
		b.ReportMetric(costs[1][rounds-1-rounds/4], "%both-quartile3")
	}
	runtime.KeepAlive(counted)
}
