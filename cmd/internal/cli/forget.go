package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// Forget is `auren forget`.
type Forget struct {
	IDs []uuid.UUID `arg:"" optional:"" name:"id" help:"The memories; or choose them with the flags below."`
	filtering
	All    bool `help:"Every memory of the tenant."`
	DryRun bool `name:"dry-run" help:"Only say how many memories that would be."`
	changing
}

// Run forgets the memories that are named, or those that match.
func (c *Forget) Run(ctx context.Context, a *App) error {
	request := api.ChangeMatchingRequest{All: c.All, DryRun: c.DryRun, Reason: c.Reason}
	request.Filter = c.filter()
	narrowed := !reflect.ValueOf(c.filtering).IsZero()
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
	door, err := a.OpenDoor(ctx, "forget")
	if err != nil {
		return err
	}
	defer door.Close()
	if len(c.IDs) > 0 {
		return c.forgetEach(ctx, a, door)
	}
	return c.forgetMatching(ctx, a, door, request)
}

func (c *Forget) forgetEach(ctx context.Context, a *App, door *stack.Door) error {
	if c.DryRun {
		return c.wouldForget(ctx, a, door)
	}
	// Those that were forgotten before an error are, and are told of.
	receipts, err := make([]commands.Receipt, 0, len(c.IDs)), error(nil)
	for _, id := range c.IDs {
		receipt, caller, failed := send(ctx, a, &c.writing, door, api.Forget, api.ForgetRequest{MemoryID: api.MemoryID{ID: id}, Conditions: c.conditions()})
		if failed != nil {
			if len(c.IDs) > 1 {
				failed = fmt.Errorf("forget %s: %w", id, failed)
			}
			err = errors.Join(err, failed)
			break
		}
		receipts = append(receipts, receipt)
		if !c.JSON || len(c.IDs) == 1 {
			err = errors.Join(err, c.answer(ctx, a, door, caller, "forgot", receipt))
		}
	}
	if c.JSON && len(c.IDs) > 1 {
		return errors.Join(a.Stdout.JSON(map[string]any{"receipts": receipts}), err)
	}
	return err
}

func (c *Forget) wouldForget(ctx context.Context, a *App, door *stack.Door) error {
	memories := make([]queries.Memory, len(c.IDs))
	for i, id := range c.IDs {
		memory, err := fresh(ctx, a, door, func(m api.Minimum) (queries.Memory, error) {
			return api.GetMemory.Call(ctx, door, a.Caller(), api.GetMemoryRequest{MemoryID: api.MemoryID{ID: id}, Moment: api.Moment{Minimum: m}})
		})
		if err != nil {
			return err
		}
		memories[i] = memory
	}
	if c.JSON {
		return a.Stdout.JSON(map[string]any{"memories": memories, "dry_run": true})
	}
	printList(a.Stdout, memories)
	return nil
}

func (c *Forget) forgetMatching(ctx context.Context, a *App, door *stack.Door, request api.ChangeMatchingRequest) error {
	done, _, err := send(ctx, a, &c.writing, door, api.ForgetMatching, request)
	if domain.KindOf(err) == domain.Unavailable {
		return errors.Join(err, stack.ErrNoProjector)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(done)
	}
	if c.DryRun {
		a.Stdout.Printf("would forget %s\n", terminal.Count(done.Matched, "memory"))
		return nil
	}
	a.Stdout.Printf("%s %s\n", a.Stdout.Paint(terminal.Green, "forgot"), terminal.Count(done.Forgotten, "memory"))
	return nil
}
