package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// Replay is `auren replay`.
type Replay struct {
	Stream      string   `placeholder:"ID" help:"Replay one memory; default: the whole log."`
	From        *int64   `placeholder:"N" help:"First sequence_id."`
	To          *int64   `placeholder:"N" help:"Last sequence_id."`
	Follow      bool     `short:"f" help:"Go on with what is appended from now on, until Ctrl-C."`
	EventType   []string `name:"event-type" placeholder:"TYPE" help:"Only events of these types."`
	Agent       string   `placeholder:"ID" help:"Only events of memories of this agent."`
	User        string   `placeholder:"ID" help:"Only events of memories of this user."`
	Correlation string   `placeholder:"ID" help:"Only events with this correlation_id."`
	JSON        bool     `help:"Print each event as a line of JSON."`
}

const replayPage = 500

// Run prints the events in order, and then, when asked to, those to come.
func (c *Replay) Run(ctx context.Context, a *App) error {
	only, err := c.streamID()
	if err != nil {
		return err
	}
	if err := checkEventTypes(c.EventType, memory.EventTypes(), "none"); err != nil {
		return err
	}
	if first, last := c.span(); first < 1 || last < first {
		return UsageError{errors.New("--from and --to: a range of sequence_ids from 1 on is allowed, such as --from 1 --to 100")}
	}
	if only != uuid.Nil && c.Agent+c.User+c.Correlation != "" {
		return UsageError{errors.New("--stream names one memory; --agent, --user and --correlation choose among many")}
	}
	client, err := a.Connect(ctx, "replay")
	if err != nil {
		return err
	}
	defer client.Close()
	p := eventPrinter{to: a.Stdout, json: c.JSON}
	print := func(e *eventstore.Event) error {
		if only != uuid.Nil && e.StreamID != only {
			return nil
		}
		return p.print(e)
	}
	if only != uuid.Nil && !c.Follow {
		return c.replayStream(ctx, client, only, print)
	}
	return c.replayLog(ctx, client, print)
}

// checkEventTypes refuses what is not among the allowed types, and says that it is none of them.
func checkEventTypes(given, allowed []string, none string) error {
	for _, t := range given {
		if !slices.Contains(allowed, t) {
			return UsageError{fmt.Errorf("--event-type %q is %s; allowed are %s", t, none, strings.Join(allowed, ", "))}
		}
	}
	return nil
}

// span is what is asked for by sequence_id.
func (c *Replay) span() (first, last int64) {
	first, last = 1, math.MaxInt64
	if c.From != nil {
		first = *c.From
	}
	if c.To != nil {
		last = *c.To
	}
	return first, last
}

func (c *Replay) streamID() (uuid.UUID, error) {
	if c.Stream == "" {
		return uuid.Nil, nil
	}
	return parseID("--stream", c.Stream)
}

func (c *Replay) replayStream(ctx context.Context, client *stack.Client, id uuid.UUID, print func(*eventstore.Event) error) error {
	for from := 1; ; {
		events, err := client.Store.ReadStream(ctx, client.Tenant, id, from, eventstore.Forwards, replayPage)
		if err != nil {
			return err
		}
		if from == 1 && len(events) == 0 {
			return errNoMemory(id)
		}
		for i := range events {
			e := &events[i]
			if !c.matches(e) {
				continue
			}
			if err := print(e); err != nil {
				return err
			}
		}
		if !eventstore.Full(events, replayPage) {
			return nil
		}
		from = events[len(events)-1].Version + 1
	}
}

// matches does for a stream what the filter of a log does.
func (c *Replay) matches(e *eventstore.Event) bool {
	first, last := c.span()
	return e.SequenceID >= first && e.SequenceID <= last &&
		(len(c.EventType) == 0 || slices.Contains(c.EventType, e.Type))
}

func (c *Replay) filter() eventstore.Filter {
	f := eventstore.Filter{EventTypes: c.EventType, AgentID: c.Agent, UserID: c.User, CorrelationID: c.Correlation}
	if c.To != nil {
		f.Until = *c.To
	}
	return f
}

func (c *Replay) replayLog(ctx context.Context, client *stack.Client, print func(*eventstore.Event) error) error {
	each := func(page eventstore.Page) error {
		for i := range page.Events {
			if err := print(&page.Events[i]); err != nil {
				return err
			}
		}
		return nil
	}
	first, _ := c.span()
	after := first - 1
	if c.Follow {
		err := followLog(ctx, client, after, c.filter(), each)
		if ctx.Err() != nil {
			return nil // that is how following ends
		}
		return err
	}
	for {
		page, err := client.Store.ReadLog(ctx, client.Tenant, after, c.filter(), replayPage)
		if err != nil {
			return err
		}
		if err := each(page); err != nil {
			return err
		}
		if !page.More {
			return nil
		}
		after = page.Next
	}
}

// followLog reads the log after a sequence_id without an end, woken by the database.
func followLog(ctx context.Context, c *stack.Client, after int64, f eventstore.Filter, each func(eventstore.Page) error) error {
	ctx, cancel := context.WithCancel(ctx)
	watcher := eventstore.NewWatcher(c.Pool, eventstore.LogChannel, c.Log)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		_ = watcher.Run(ctx) // ends with ctx, without an error
	}()
	defer func() {
		cancel()
		<-watching
	}()
	return c.Store.Follow(ctx, watcher, c.Tenant, after, f, eventstore.FollowLimits{}, each)
}
