package writer_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

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

func newStore(pool *pgxpool.Pool, config writer.Config, options ...writer.Option) logStore {
	return logStore{eventstore.NewLog(pool), writer.NewTest(pool, config, options...)}
}

func setup(t *testing.T) (logStore, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t)
	store := newStore(pool, writer.Config{})
	t.Cleanup(store.Close)
	return store, pool
}

func happened(payload string) eventstore.NewEvent {
	return eventstore.NewEvent{
		ID: uuid.New(), Type: "memory_remembered", SchemaVersion: 1, Payload: canonjson.MustParse(payload),
		Meta: domain.Meta{Actor: "test"}, OccurredAt: time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC),
	}
}

// writes makes a command of one write with an event for each payload.
func writes(stream uuid.UUID, expected int, payloads ...string) eventstore.Command {
	w := eventstore.StreamAppend{StreamID: stream, Expected: expected, AgentID: agent, UserID: "ana"}
	for _, p := range payloads {
		w.Events = append(w.Events, happened(p))
	}
	return eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{w}}
}

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
