package writer_test

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

const (
	tenant = domain.DefaultTenant
	agent  = "coach"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// logStore is both sides of a log.
type logStore struct {
	*eventstore.Log
	*writer.Writer
}

// newStore makes a store that is closed when the test ends.
func newStore(t testing.TB, pool *pgxpool.Pool, config writer.Config, options ...writer.Option) logStore {
	t.Helper()
	store := logStore{eventstore.NewLog(pool), writer.NewTest(pool, config, options...)}
	t.Cleanup(store.Close)
	return store
}

func setup(t *testing.T) (logStore, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t)
	return newStore(t, pool, writer.Config{}), pool
}

// add appends a command that must succeed.
func (s logStore) add(t testing.TB, c eventstore.Command) eventstore.Result {
	t.Helper()
	r, err := s.Append(t.Context(), c)
	require.NoError(t, err)
	return r
}

// appendOne appends one event to a stream of its own.
func (s logStore) appendOne(t testing.TB) error {
	t.Helper()
	_, err := s.Append(t.Context(), one())
	return err
}

// atOnce appends n commands at once.
func atOnce(t testing.TB, n int, store func(i int) logStore, command func(i int) eventstore.Command) ([]eventstore.Result, []error) {
	t.Helper()
	results, errs := make([]eventstore.Result, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { results[i], errs[i] = store(i).Append(t.Context(), command(i)) })
	}
	group.Wait()
	return results, errs
}

// writes makes a command of one write with an event for each payload.
func writes(stream uuid.UUID, expected int, payloads ...string) eventstore.Command {
	w := eventstore.StreamAppend{StreamID: stream, Expected: expected, AgentID: agent, UserID: "ana"}
	for _, p := range payloads {
		w.Events = append(w.Events, eventstore.NewEvent{
			ID: uuid.New(), Type: "memory_remembered", SchemaVersion: 1, Payload: canonjson.MustParse(p),
			Meta: domain.Meta{Actor: "test"}, OccurredAt: time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC),
		})
	}
	return eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{w}}
}

// one makes a command of an event in a stream of its own.
func one() eventstore.Command { return writes(uuid.New(), eventstore.None, `{}`) }

// runFor is how long the tests under load run: AUREN_TEST_SECONDS, a minute in the soak, else 3 s.
func runFor() time.Duration {
	if s, err := strconv.Atoi(os.Getenv("AUREN_TEST_SECONDS")); err == nil {
		return time.Duration(s) * time.Second
	}
	if os.Getenv("AUREN_SOAK") != "" {
		return time.Minute
	}
	return 3 * time.Second
}
