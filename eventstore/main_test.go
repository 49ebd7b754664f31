package eventstore_test

import (
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

func setup(t *testing.T) (logStore, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t)
	store := logStore{eventstore.NewLog(pool), writer.New(pool, writer.Config{})}
	t.Cleanup(store.Close)
	return store, pool
}

// add appends a command that must succeed.
func (s logStore) add(t testing.TB, c eventstore.Command) eventstore.Result {
	t.Helper()
	r, err := s.Append(t.Context(), c)
	require.NoError(t, err)
	return r
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
