package faults_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
)

// The database's clock was an hour ahead when the last event was appended, and has been set right since.
func TestClockOfTheDatabaseSetBack(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	appendOne := func(store *eventstore.Store) {
		t.Helper()
		_, err := store.Append(t.Context(), eventstore.Command{Tenant: domain.DefaultTenant, Writes: []eventstore.StreamAppend{{
			StreamID: uuid.New(), AgentID: "coach", UserID: "ana", Events: []eventstore.NewEvent{{
				ID: uuid.New(), Type: "noted", SchemaVersion: 1, Payload: canonjson.MustParse(`{}`), OccurredAt: time.Now(),
			}},
		}}})
		require.NoError(t, err)
	}
	before, after := eventstore.New(pool, eventstore.Config{}), eventstore.New(pool, eventstore.Config{})
	defer before.Close()
	defer after.Close()
	appendOne(before)
	var ahead time.Time
	const setAhead = "update logs set created_at = clock_timestamp() + interval '1 hour' returning created_at"
	require.NoError(t, pool.QueryRow(t.Context(), setAhead).Scan(&ahead))
	for _, store := range []*eventstore.Store{after, after, before, before} {
		appendOne(store)
	}
	page, err := before.ReadLog(t.Context(), domain.DefaultTenant, 1, eventstore.Filter{}, 10)
	require.NoError(t, err)
	require.Len(t, page.Events, 4)
	for _, e := range page.Events {
		require.Equal(t, ahead.UTC(), e.CreatedAt, "created_at stands still until the clock has come so far")
	}
}
