package eventstore_test

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
)

const (
	tenant = domain.DefaultTenant
	agent  = "coach"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T) (*eventstore.Store, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t)
	store := eventstore.New(pool, eventstore.Config{})
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

// runFor is how long the tests under load run: a minute, 3 s with -short, or AUREN_TEST_SECONDS.
func runFor() time.Duration {
	if s, err := strconv.Atoi(os.Getenv("AUREN_TEST_SECONDS")); err == nil {
		return time.Duration(s) * time.Second
	}
	if testing.Short() {
		return 3 * time.Second
	}
	return time.Minute
}
