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

// choosing has the flags of a command on memories that are named or that match.
type choosing struct {
	IDs []uuid.UUID `arg:"" optional:"" name:"id" help:"The memories; or choose them with the flags below."`
	filtering
	All    bool `help:"Every memory of the tenant that can be."`
	DryRun bool `name:"dry-run" help:"Only say how many memories that would be."`
	changing
}

// Forget is `auren forget`.
type Forget struct{ choosing }

// Run forgets the memories that are named, or those that match.
func (c *Forget) Run(ctx context.Context, a *App) error {
	return c.run(ctx, a, action{
		name: "forget", past: "forgot",
		one: func(door *stack.Door, id api.MemoryID) (commands.Receipt, api.Caller, error) {
			return send(ctx, a, &c.writing, door, api.Forget, api.ForgetRequest{MemoryID: id, Conditions: c.conditions()})
		},
		matching: func(door *stack.Door, request api.ChangeMatchingRequest) (any, int, int, error) {
			done, _, err := send(ctx, a, &c.writing, door, api.ForgetMatching, request)
			return done, done.Matched, done.Forgotten, err
		},
	})
}

// Restore is `auren restore`.
type Restore struct{ choosing }

// Run brings the memories back that are named, or the forgotten ones that match.
func (c *Restore) Run(ctx context.Context, a *App) error {
	return c.run(ctx, a, action{
		name: "restore", past: "restored",
		one: func(door *stack.Door, id api.MemoryID) (commands.Receipt, api.Caller, error) {
			return send(ctx, a, &c.writing, door, api.Restore, api.RestoreRequest{MemoryID: id, Conditions: c.conditions()})
		},
		matching: func(door *stack.Door, request api.ChangeMatchingRequest) (any, int, int, error) {
			done, _, err := send(ctx, a, &c.writing, door, api.RestoreMatching, request)
			return done, done.Matched, done.Restored, err
		},
	})
}

// action is what is done to the chosen memories.
type action struct {
	name, past string
	one        func(*stack.Door, api.MemoryID) (commands.Receipt, api.Caller, error)
	matching   func(*stack.Door, api.ChangeMatchingRequest) (answer any, matched, changed int, err error)
}

func (c *choosing) run(ctx context.Context, a *App, do action) error {
	narrowed := !reflect.ValueOf(c.filtering).IsZero()
	switch {
	case len(c.IDs) > 0 && (narrowed || c.All):
		return UsageError{fmt.Errorf("%s takes ids or a filter, not both", do.name)}
	case len(c.IDs) == 0 && !narrowed && !c.All:
		return UsageError{fmt.Errorf("%s what? Name ids, or a filter such as --agent, or say --all", do.name)}
	case c.ExpectedVersion != 0 && len(c.IDs) != 1:
		return UsageError{errors.New("--expected-version goes with one id")}
	case len(c.IDs) > 1 && c.CommandID != "":
		return UsageError{errors.New("--command-id goes with one id")}
	}
	door, err := a.OpenDoor(ctx, do.name)
	if err != nil {
		return err
	}
	defer door.Close()
	switch {
	case len(c.IDs) == 0:
		return c.changeMatching(a, door, do)
	case c.DryRun:
		return c.wouldChange(ctx, a, door)
	}
	return c.changeEach(ctx, a, door, do)
}

func (c *choosing) changeEach(ctx context.Context, a *App, door *stack.Door, do action) error {
	// Those that were changed before an error are, and are told of.
	receipts, err := make([]commands.Receipt, 0, len(c.IDs)), error(nil)
	for _, id := range c.IDs {
		receipt, caller, failed := do.one(door, api.MemoryID{ID: id})
		if failed != nil {
			if len(c.IDs) > 1 {
				failed = fmt.Errorf("%s %s: %w", do.name, id, failed)
			}
			err = errors.Join(err, failed)
			break
		}
		receipts = append(receipts, receipt)
		if !c.JSON || len(c.IDs) == 1 {
			err = errors.Join(err, c.answer(ctx, a, door, caller, do.past, receipt))
		}
	}
	if c.JSON && len(c.IDs) > 1 {
		return errors.Join(a.Stdout.JSON(map[string]any{"receipts": receipts}), err)
	}
	return err
}

func (c *choosing) wouldChange(ctx context.Context, a *App, door *stack.Door) error {
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

func (c *choosing) changeMatching(a *App, door *stack.Door, do action) error {
	request := api.ChangeMatchingRequest{All: c.All, DryRun: c.DryRun, Reason: c.Reason}
	request.Filter = c.filter()
	answer, matched, changed, err := do.matching(door, request)
	switch {
	case domain.KindOf(err) == domain.Unavailable:
		return errors.Join(err, stack.ErrNoProjector)
	case err != nil:
		return err
	case c.JSON:
		return a.Stdout.JSON(answer)
	case c.DryRun:
		a.Stdout.Printf("would %s %s\n", do.name, terminal.Count(matched, "memory"))
	default:
		a.Stdout.Printf("%s %s\n", a.Stdout.Paint(terminal.Green, do.past), terminal.Count(changed, "memory"))
	}
	return nil
}
