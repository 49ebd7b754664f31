package api_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

func TestFollowLogOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caller := api.Caller{}
	remember := func(d door, agent string) {
		ok[commands.Receipt](t, d, caller, api.Remember.Operation, fmt.Sprintf(`{"agent_id":"%s","user_id":"u","content":1}`, agent))
	}
	for _, d := range w.doors(t) {
		t.Run(d.name, func(t *testing.T) {
			before := w.head(t, "default")
			remember(d, "a")
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var began bool
			var seen []int64
			err := api.FollowLog.Call(ctx, d, caller, api.FollowLogRequest{EventFilter: api.EventFilter{AgentID: "b", Until: before + 4}}, func(p api.Page) error {
				if !began {
					began = true
					require.Empty(t, p.Events)
					require.Equal(t, before+1, p.Next, "it begins at the end of the log")
					remember(d, "b")
					remember(d, "a")
					remember(d, "a")
				}
				for _, e := range p.Events {
					seen = append(seen, e.SequenceID)
				}
				return nil
			})
			require.NoError(t, err, "it ends after until, though that is not among its events")
			require.Equal(t, []int64{before + 2}, seen)

			failed := errors.New("enough")
			after := int64(0)
			err = api.FollowLog.Call(t.Context(), d, caller, api.FollowLogRequest{After: &after}, func(p api.Page) error {
				if len(p.Events) > 0 {
					return failed
				}
				return nil
			})
			require.ErrorIs(t, err, failed)
			err = api.FollowLog.Call(ctx, d, caller, api.FollowLogRequest{After: &after}, func(api.Page) error {
				stop()
				return nil
			})
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestEventsOfACategoryOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, d := range w.doors(t) {
		caller := api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i))}
		ok[commands.Receipt](t, d, caller, api.Remember.Operation, coffee)
		stream := uuid.New()
		_, err := w.writer.Append(t.Context(), eventstore.Command{Tenant: caller.Tenant, Writes: []eventstore.StreamAppend{{
			StreamID: stream, Category: eventstore.CategoryProjection, Expected: eventstore.Any, Events: []eventstore.NewEvent{{
				ID: uuid.New(), Type: projections.EventSkipped, SchemaVersion: 1, Payload: canonjson.EmptyObject(), OccurredAt: time.Now(),
			}},
		}}})
		require.NoError(t, err)
		ok[commands.Receipt](t, d, caller, api.Forget.Operation, one(`"expected_version":1`))
		for filter, want := range map[string][]int64{
			``: {1, 3}, `,"category":["memory"]`: {1, 3}, `,"category":["projection"]`: {2}, `,"category":["*"]`: {1, 2, 3},
			`,"category":["projection","memory"],"event_type":["projection_event_skipped","memory_forgotten"]`: {2, 3},
		} {
			sequenceIDs := func(pages ...api.Page) (seen []int64) {
				for _, p := range pages {
					for _, e := range p.Events {
						seen = append(seen, e.SequenceID)
					}
				}
				return seen
			}
			read := ok[api.Page](t, d, caller, api.ReadLog.Operation, `{"after":0`+filter+`}`)
			require.Equal(t, want, sequenceIDs(read), "%s %s", d.name, filter)
			require.EqualValues(t, 3, read.Next, "it goes on after the events that it leaves out")
			require.Equal(t, want, sequenceIDs(ok[[]api.Page](t, d, caller, api.FollowLog.Operation, `{"after":0,"until":3`+filter+`}`)...), "%s %s", d.name, filter)
		}
		require.Len(t, ok[api.ReadStreamAnswer](t, d, caller, api.ReadStream.Operation, `{"id":"`+stream.String()+`"}`).Events, 1)
	}
}
