package main

import (
	"context"

	"github.com/auren-memory/auren/queries"
)

type listCommand struct {
	filtering
	State     string `default:"active" enum:"active,forgotten,expired,all" help:"Only those in this state: ${enum} (default ${default})."`
	Order     string `default:"updated" enum:"created,updated,confidence" help:"What to order by: ${enum} (default ${default})."`
	Ascending bool   `help:"The oldest or least sure first; default the other way round."`
	Limit     int    `default:"50" placeholder:"N" help:"How many at most (default ${default}, up to 1000)."`
	Cursor    string `placeholder:"TEXT" empty:"" help:"Go on where the list ended that said this."`
	AsOf      string `name:"as-of" placeholder:"TIME|N" help:"What was known at a moment, or at a sequence_id."`
	JSON      bool   `help:"Print the page as JSON."`
}

// Run prints a page of memories.
func (c *listCommand) Run(ctx context.Context, a *app) error {
	if err := checkLimit(c.Limit, queries.MaxLimit); err != nil {
		return err
	}
	filter, err := c.filter()
	if err != nil {
		return err
	}
	filter.State = c.State
	asOf, err := parseAsOf(c.AsOf)
	if err != nil {
		return err
	}
	client, err := a.connect(ctx, "list")
	if err != nil {
		return err
	}
	defer client.close()
	page := queries.Page{Order: queries.Order(c.Order), Descending: !c.Ascending, Cursor: c.Cursor, Limit: c.Limit}
	result, err := asOfOrFresh(ctx, client, asOf, func(at queries.At) (queries.ListResult, error) {
		return client.reader.List(ctx, a.tenant, filter, page, at)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.stdout.json(result)
	}
	if len(result.Memories) == 0 {
		a.stdout.printf("no memories\n")
		return nil
	}
	printList(a.stdout, result.Memories)
	if result.NextCursor != "" {
		a.stdout.printf("%s\n", a.stdout.paint(dim, "there are more: --cursor "+quoted(result.NextCursor)))
	}
	return nil
}
