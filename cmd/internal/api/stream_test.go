package api_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
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
