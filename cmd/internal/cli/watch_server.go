package cli

import (
	"context"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
)

// watchServer shows the changes that the server's log has, for a client that reaches no NATS.
func (c *Watch) watchServer(ctx context.Context, a *App) error {
	door, err := a.OpenDoor(ctx, "watch")
	if err != nil {
		return err
	}
	defer door.Close()
	request := api.FollowLogRequest{EventFilter: api.EventFilter{EventTypes: c.EventType, AgentID: c.Agent, UserID: c.User}}
	if request.After, err = c.after(ctx, a, door); err != nil {
		return err
	}
	if !c.Follow {
		head, err := api.GetPosition.Call(ctx, door, a.Caller(), api.GetPositionRequest{})
		if err != nil {
			return err
		}
		if request.Until = head.SequenceID; request.Until <= *request.After {
			return nil
		}
	}
	printer := &eventPrinter{to: a.Stdout, json: c.JSON, layout: changeLayout}
	err = api.FollowLog.Call(ctx, door, a.Caller(), request, func(p api.Page) error { return printer.print(p.Events...) })
	if ctx.Err() != nil {
		return nil // that is how watching ends
	}
	return err
}

// after is the sequence_id to go on after; nil is the end of the log. What was known at a moment tells where the log was.
func (c *Watch) after(ctx context.Context, a *App, door *stack.Door) (*int64, error) {
	switch {
	case c.Since.sequenceID > 0:
		after := c.Since.sequenceID - 1
		return &after, nil
	case c.Since.time.IsZero():
		return nil, nil
	}
	then := api.Moment{AsOf: c.Since.time.UTC().Format(time.RFC3339Nano)}
	list, err := api.ListMemories.Call(ctx, door, a.Caller(), api.ListMemoriesRequest{Limit: 1, Moment: then})
	return &list.SequenceID, err
}
