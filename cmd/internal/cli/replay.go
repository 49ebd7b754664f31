package cli

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
)

// Replay is `auren replay`.
type Replay struct {
	Stream      uuid.UUID       `placeholder:"ID" help:"Replay one stream, whose id is that of its memory; default: the whole log."`
	From        int64           `default:"1" placeholder:"N" help:"First sequence_id."`
	To          int64           `default:"9223372036854775807" placeholder:"N" help:"Last sequence_id."`
	Follow      bool            `short:"f" help:"Go on with what is appended from now on, until Ctrl-C."`
	Category    []string        `placeholder:"NAME" help:"Only events of these categories: memory, projection, or * for every category; default memory, or with --stream that of the stream."`
	EventType   []string        `name:"event-type" placeholder:"TYPE" help:"Only events of these types."`
	Agent       string          `placeholder:"ID" help:"Only events of memories of this agent."`
	User        string          `placeholder:"ID" help:"Only events of memories of this user."`
	Correlation string          `placeholder:"ID" help:"Only events with this correlation_id."`
	Filters     canonjson.Value `placeholder:"JSON" help:"Only events that match this filter, e.g. '{\"actor\": \"ana\", \"created_at\": {\"gte\": \"2026-01-31T15:04:05Z\"}}'."`
	JSON        bool            `help:"Print each event as a line of JSON."`
}

const replayPage = 500

// Run prints the events in order, and then, when asked to, those to come.
func (c *Replay) Run(ctx context.Context, a *App) error {
	if c.Stream != uuid.Nil && len(c.Category) == 0 {
		c.Category = []string{eventstore.AllCategories}
	}
	filter := c.filter()
	if err := filter.Check(); err != nil {
		return err
	}
	if c.From < 1 || c.To < c.From {
		return UsageError{errors.New("--from must be at least 1 and --to at least --from, e.g. --from 1 --to 100")}
	}
	if c.Stream != uuid.Nil && (c.Agent+c.User+c.Correlation != "" || !c.Filters.IsZero()) {
		return UsageError{errors.New("--stream must not be given together with --agent, --user, --correlation or --filters, which choose among many streams")}
	}
	door, err := a.OpenDoor(ctx, "replay")
	if err != nil {
		return err
	}
	defer door.Close()
	p := eventPrinter{to: a.Stdout, json: c.JSON}
	show := func(events []eventstore.Event) error {
		return p.print(slices.DeleteFunc(events, func(e eventstore.Event) bool { return !c.matches(&e) })...)
	}
	if c.Stream != uuid.Nil && !c.Follow {
		return readStream(ctx, a, door, api.MemoryID{ID: c.Stream}, show)
	}
	return c.replayLog(ctx, a, door, show)
}

// readStream reads the events of one memory, page by page.
func readStream(ctx context.Context, a *App, door *stack.Door, id api.MemoryID, each func([]eventstore.Event) error) error {
	for request := (api.ReadStreamRequest{MemoryID: id, Limit: replayPage}); ; {
		page, err := api.ReadStream.Call(ctx, door, a.Caller(), request)
		if err != nil {
			return err
		}
		if err := each(page.Events); err != nil {
			return err
		}
		if request.From = page.NextFrom; request.From == 0 {
			return nil
		}
	}
}

// matches does for a stream what the filter of a log does, and for a log that is followed what that of a stream does.
func (c *Replay) matches(e *eventstore.Event) bool {
	return (c.Stream == uuid.Nil || e.StreamID == c.Stream) && e.SequenceID >= c.From && e.SequenceID <= c.To &&
		(len(c.EventType) == 0 || slices.Contains(c.EventType, e.Type)) &&
		(len(c.Category) == 0 || slices.Contains(c.Category, e.Category) || slices.Contains(c.Category, eventstore.AllCategories))
}

func (c *Replay) filter() api.EventFilter {
	f := api.EventFilter{Categories: c.Category, EventTypes: c.EventType, AgentID: c.Agent, UserID: c.User, CorrelationID: c.Correlation, Filters: c.Filters.Raw()}
	if c.To < math.MaxInt64 { // the default is no limit
		f.Until = c.To
	}
	return f
}

func (c *Replay) replayLog(ctx context.Context, a *App, door *stack.Door, show func([]eventstore.Event) error) error {
	after := c.From - 1
	if c.Follow {
		err := api.FollowLog.Call(ctx, door, a.Caller(), api.FollowLogRequest{After: &after, EventFilter: c.filter()}, func(p api.Page) error { return show(p.Events) })
		return stack.UnlessInterrupted(ctx, err)
	}
	for {
		page, err := api.ReadLog.Call(ctx, door, a.Caller(), api.ReadLogRequest{After: after, Limit: replayPage, EventFilter: c.filter()})
		if err != nil {
			return err
		}
		if err := show(page.Events); err != nil {
			return err
		}
		if after = page.Next; after >= min(page.SequenceID, c.To) {
			return nil
		}
	}
}
