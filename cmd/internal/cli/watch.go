package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/projections/fanout"
)

// Watch is `auren watch`.
type Watch struct {
	Since     Since    `placeholder:"WHEN" help:"Begin in the past: a duration such as 10m, a time or a sequence_id."`
	Follow    bool     `short:"f" default:"true" negatable:"" help:"Go on until Ctrl-C; --no-follow ends at what is there now."`
	EventType []string `name:"event-type" placeholder:"TYPE" help:"Only events of these types."`
	Agent     string   `placeholder:"ID" help:"Only events of memories of this agent."`
	User      string   `placeholder:"ID" help:"Only events of memories of this user."`
	JSON      bool     `help:"Print each event as a line of JSON."`
}

// Run shows changes as subscribers see them: from the stream, once the read model has them.
func (c *Watch) Run(ctx context.Context, a *App) error {
	if err := (&api.EventFilter{EventTypes: c.EventType}).Check(); err != nil {
		return err
	}
	if !c.Follow && c.Since == (Since{}) {
		return UsageError{errors.New("--no-follow shows what was before: say since when with --since")}
	}
	if a.Config.URL != "" && a.Config.NATSURL == "" {
		return c.watchServer(ctx, a)
	}
	conn, err := a.connectToWatch()
	if err != nil {
		return err
	}
	defer conn.Close()
	w := &feed{
		app: a, conn: conn, since: c.Since, follow: c.Follow, last: c.Since.sequenceID - 1,
		subjects: c.subjects(a),
		print:    (&eventPrinter{to: a.Stdout, json: c.JSON, layout: changeLayout}).printOne,
	}
	return stack.UnlessInterrupted(ctx, w.run(ctx))
}

// subjects are what the filters ask for.
func (c *Watch) subjects(a *App) (subjects []string) {
	types := c.EventType
	if len(types) == 0 {
		types = []string{""}
	}
	for _, t := range types {
		subjects = append(subjects, fanout.Subjects(a.Tenant, c.Agent, c.User, t))
	}
	slices.Sort(subjects)
	return slices.Compact(subjects)
}

// connectToWatch connects to the NATS server of the settings or of the stack of the data directory, and says in a
// word when that goes away and comes back.
func (a *App) connectToWatch() (*nats.Conn, error) {
	url := a.NATSURL()
	switch {
	case url == "" && a.Config.DSN != "":
		return nil, UsageError{errors.New("watch shows what NATS carries: name the server with --nats-url (AUREN_NATS_URL); `auren replay --follow` needs the database only")}
	case url == "":
		return nil, fmt.Errorf("no AUREN runs on %s: start one with `auren up`, or name a NATS server with --nats-url (AUREN_NATS_URL)", a.Config.DataDir)
	}
	conn, err := nats.Connect(url, nats.Name("auren watch"), nats.Timeout(2*time.Second),
		nats.MaxReconnects(-1), nats.ReconnectWait(500*time.Millisecond), nats.PingInterval(10*time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				a.Notice("NATS was lost; waiting for it")
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { a.Notice("NATS is back") }),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // the reader meets what matters
	)
	if err != nil {
		return nil, stack.ExplainNATSError(url, err)
	}
	return conn, nil
}

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
	return stack.UnlessInterrupted(ctx, err)
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
