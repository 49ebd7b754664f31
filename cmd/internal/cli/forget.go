package cli

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/queries"
)

// Forget is `auren forget`.
type Forget struct {
	IDs []string `arg:"" optional:"" name:"id" help:"The memories; or choose them with the flags below."`
	filtering
	All    bool `help:"Every memory of the tenant."`
	DryRun bool `name:"dry-run" help:"Only say how many memories that would be."`
	expecting
	writing
}

// Run forgets the memories that are named, or those that match.
func (c *Forget) Run(ctx context.Context, a *App) error {
	filter, err := c.filter()
	if err != nil {
		return err
	}
	narrowed := c.narrows()
	switch {
	case len(c.IDs) > 0 && (narrowed || c.All):
		return UsageError{errors.New("forget takes ids or a filter, not both")}
	case len(c.IDs) == 0 && !narrowed && !c.All:
		return UsageError{errors.New("forget what? Name ids, or a filter such as --agent, or say --all")}
	case c.ExpectedVersion != 0 && len(c.IDs) != 1:
		return UsageError{errors.New("--expected-version goes with one id")}
	case len(c.IDs) > 1 && c.CommandID != "":
		return UsageError{errors.New("--command-id goes with one id")}
	}
	ids := make([]uuid.UUID, len(c.IDs))
	for i, text := range c.IDs {
		if ids[i], err = parseID("ID", text); err != nil {
			return err
		}
	}
	client, err := a.Connect(ctx, "forget")
	if err != nil {
		return err
	}
	defer client.Close()
	if len(ids) > 0 {
		return c.forgetEach(ctx, a, client, ids)
	}
	return c.forgetMatching(ctx, a, client, filter)
}

func (c *Forget) forgetEach(ctx context.Context, a *App, client *stack.Client, ids []uuid.UUID) error {
	if c.DryRun {
		return c.wouldForget(ctx, a, client, ids)
	}
	receipts, err := make([]commands.Receipt, 0, len(ids)), error(nil)
	for _, id := range ids {
		request := c.request(a)
		request.ExpectedVersion = c.ExpectedVersion
		var receipt commands.Receipt
		if receipt, err = client.Handler.Forget(ctx, request, id); err != nil {
			break
		}
		receipts = append(receipts, receipt)
	}
	// Those that were forgotten before an error are, and are told of.
	if c.JSON && len(ids) > 1 {
		return errors.Join(a.Stdout.JSON(map[string]any{"receipts": receipts}), err)
	}
	for _, receipt := range receipts {
		err = errors.Join(err, c.answer(a, "forgot", receipt))
	}
	return err
}

func (c *Forget) wouldForget(ctx context.Context, a *App, client *stack.Client, ids []uuid.UUID) error {
	memories := make([]queries.Memory, len(ids))
	for i, id := range ids {
		var err error
		if memories[i], _, err = client.Reader.Get(ctx, a.Tenant, id, queries.At{}); err != nil {
			return err
		}
	}
	if c.JSON {
		return a.Stdout.JSON(map[string]any{"memories": memories, "dry_run": true})
	}
	printList(a.Stdout, memories)
	return nil
}

func (c *Forget) forgetMatching(ctx context.Context, a *App, client *stack.Client, filter queries.Filter) error {
	head, err := client.Store.Head(ctx, a.Tenant)
	if err != nil {
		return err
	}
	// Counting waits until the read model knows all that was written before; to forget by an old one could forget
	// what no longer matches.
	matched, _, err := client.Reader.Count(ctx, a.Tenant, filter, head.SequenceID)
	if err != nil {
		return errors.Join(err, stack.ErrNoProjector)
	}
	done := commands.Forgotten{Matched: int(matched)}
	if !c.DryRun {
		done, err = client.Handler.ForgetMatching(ctx, c.request(a), nil, func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
			return client.Reader.MatchingIDs(ctx, a.Tenant, filter, after, limit)
		})
		if err != nil {
			return err
		}
	}
	if c.JSON {
		return a.Stdout.JSON(struct {
			commands.Forgotten
			DryRun bool `json:"dry_run"`
		}{done, c.DryRun})
	}
	if c.DryRun {
		a.Stdout.Printf("would forget %s\n", terminal.Count(done.Matched, "memory"))
		return nil
	}
	a.Stdout.Printf("%s %s\n", a.Stdout.Paint(terminal.Green, "forgot"), terminal.Count(done.Forgotten, "memory"))
	return nil
}

// narrows tells whether any flag was given.
func (f *filtering) narrows() bool {
	return f.Agent != "" || f.User != "" || len(f.Type) > 0 || f.MinConfidence != nil || f.MaxConfidence != nil ||
		f.CreatedAfter != "" || f.CreatedBefore != "" || f.UpdatedAfter != "" || f.UpdatedBefore != "" ||
		f.RecordedAfter != "" || f.RecordedBefore != "" || f.Metadata != ""
}
