package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/queries"
)

// List is `auren list`.
type List struct {
	filtering
	State     string `default:"active" enum:"active,forgotten,expired,all" help:"Only those in this state: ${enum} (default ${default})."`
	Order     string `default:"updated" enum:"created,updated,recorded,confidence" help:"What to order by: ${enum} (default ${default})."`
	Ascending bool   `help:"The oldest or least sure first; default the other way round."`
	Limit     int    `default:"50" placeholder:"N" help:"How many at most (default ${default}, up to 1000)."`
	Cursor    string `placeholder:"TEXT" empty:"" help:"Go on where the list ended that said this."`
	AsOf      AsOf   `name:"as-of" placeholder:"TIME|N" help:"What was known at a moment, or at a sequence_id."`
	JSON      bool   `help:"Print the page as JSON."`
}

// Run prints a page of memories.
func (c *List) Run(ctx context.Context, a *App) error {
	if err := checkLimit(c.Limit, queries.MaxLimit); err != nil {
		return err
	}
	request := api.ListMemoriesRequest{State: c.State, Order: c.Order, Descending: !c.Ascending, Cursor: c.Cursor, Limit: c.Limit}
	request.Owners, request.Narrow, request.Span = c.filter()
	result, err := ask(ctx, a, "list", c.AsOf, func(door *stack.Door, m api.Moment) (queries.ListResult, error) {
		request.Moment = m
		return api.ListMemories.Call(ctx, door, a.Caller(), request)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(result)
	}
	if len(result.Memories) == 0 {
		a.Stdout.Printf("no memories\n")
		return nil
	}
	printList(a.Stdout, result.Memories)
	if result.NextCursor != "" {
		a.Stdout.Printf("%s\n", a.Stdout.Paint(terminal.Dim, "there are more: --cursor "+terminal.Quoted(result.NextCursor)))
	}
	return nil
}
