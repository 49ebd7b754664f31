package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/queries"
)

type forgetCommand struct {
	IDs []string `arg:"" optional:"" name:"id" help:"The memories; or choose them with the flags below."`
	filtering
	All    bool `help:"Every memory of the tenant."`
	DryRun bool `name:"dry-run" help:"Only say how many memories that would be."`
	expecting
	writing
}

// Run forgets the memories that are named, or those that match.
func (c *forgetCommand) Run(ctx context.Context, a *app) error {
	filter, err := c.filter()
	if err != nil {
		return err
	}
	narrowed := c.narrows()
	switch {
	case len(c.IDs) > 0 && (narrowed || c.All):
		return usageError{errors.New("forget takes ids or a filter, not both")}
	case len(c.IDs) == 0 && !narrowed && !c.All:
		return usageError{errors.New("forget what? Name ids, or a filter such as --agent, or say --all")}
	case c.ExpectedVersion != 0 && len(c.IDs) != 1:
		return usageError{errors.New("--expected-version goes with one id")}
	case len(c.IDs) > 1 && c.CommandID != "":
		return usageError{errors.New("--command-id goes with one id")}
	}
	ids := make([]uuid.UUID, len(c.IDs))
	for i, text := range c.IDs {
		if ids[i], err = parseID("ID", text); err != nil {
			return err
		}
	}
	client, err := a.connect(ctx, "forget")
	if err != nil {
		return err
	}
	defer client.close()
	if len(ids) > 0 {
		return c.forgetEach(ctx, client, ids)
	}
	return c.forgetMatching(ctx, client, filter)
}

func (c *forgetCommand) forgetEach(ctx context.Context, client *client, ids []uuid.UUID) error {
	if c.DryRun {
		return c.wouldForget(ctx, client, ids)
	}
	receipts, err := make([]commands.Receipt, 0, len(ids)), error(nil)
	for _, id := range ids {
		request := c.request(client.app)
		request.ExpectedVersion = c.ExpectedVersion
		var receipt commands.Receipt
		if receipt, err = client.handler.Forget(ctx, request, id); err != nil {
			break
		}
		receipts = append(receipts, receipt)
	}
	// Those that were forgotten before an error are, and are told of.
	if c.JSON && len(ids) > 1 {
		return errors.Join(client.app.stdout.json(map[string]any{"receipts": receipts}), err)
	}
	for _, receipt := range receipts {
		err = errors.Join(err, c.answer(client.app, "forgot", receipt))
	}
	return err
}

func (c *forgetCommand) wouldForget(ctx context.Context, client *client, ids []uuid.UUID) error {
	memories := make([]queries.Memory, len(ids))
	for i, id := range ids {
		var err error
		if memories[i], _, err = client.reader.Get(ctx, client.app.tenant, id, queries.At{}); err != nil {
			return err
		}
	}
	if c.JSON {
		return client.app.stdout.json(map[string]any{"memories": memories, "dry_run": true})
	}
	printList(client.app.stdout, memories)
	return nil
}

func (c *forgetCommand) forgetMatching(ctx context.Context, client *client, filter queries.Filter) error {
	a := client.app
	head, err := client.store.Head(ctx, a.tenant)
	if err != nil {
		return err
	}
	// Counting waits until the read model knows all that was written before; to forget by an old one could forget
	// what no longer matches.
	matched, _, err := client.reader.Count(ctx, a.tenant, filter, head.SequenceID)
	if err != nil {
		return errors.Join(err, errNoProjector)
	}
	done := commands.Forgotten{Matched: int(matched)}
	if !c.DryRun {
		done, err = client.handler.ForgetMatching(ctx, c.request(a), nil, func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
			return client.reader.MatchingIDs(ctx, a.tenant, filter, after, limit)
		})
		if err != nil {
			return err
		}
	}
	if c.JSON {
		return a.stdout.json(struct {
			commands.Forgotten
			DryRun bool `json:"dry_run"`
		}{done, c.DryRun})
	}
	if c.DryRun {
		a.stdout.printf("would forget %s\n", count(done.Matched, "memory"))
		return nil
	}
	a.stdout.printf("%s %s\n", a.stdout.paint(green, "forgot"), count(done.Forgotten, "memory"))
	return nil
}

// narrows tells whether any flag was given.
func (f *filtering) narrows() bool {
	return f.Agent != "" || f.User != "" || len(f.Type) > 0 || f.MinConfidence != nil || f.MaxConfidence != nil ||
		f.CreatedAfter != "" || f.CreatedBefore != "" || f.UpdatedAfter != "" || f.UpdatedBefore != "" || f.Metadata != ""
}
