package cli

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
)

// memoryArgument names the memory that a command is about.
type memoryArgument struct {
	ID uuid.UUID `arg:"" help:"The memory."`
}

func (m memoryArgument) memory() api.MemoryID { return api.MemoryID{ID: m.ID} }

// changing has the flags of the commands on memories that exist.
type changing struct {
	ExpectedVersion int `name:"expected-version" placeholder:"N" help:"Do it only if the memory is at this version."`
	writing
}

// conditions are what a request says besides.
func (c *changing) conditions() api.Conditions {
	on := api.Conditions{Reason: c.Reason}
	if c.ExpectedVersion != 0 {
		on.ExpectedVersion = &c.ExpectedVersion
	}
	return on
}

// writeOne carries out a command on one memory, and prints what became of it.
func writeOne[Q any](ctx context.Context, a *App, w *writing, did string, op api.Query[Q, commands.Receipt], request Q) error {
	door, err := a.OpenDoor(ctx, op.Name)
	if err != nil {
		return err
	}
	defer door.Close()
	receipt, err := op.Call(ctx, door, w.caller(a), request)
	if err != nil {
		return err
	}
	return w.answer(a, did, receipt)
}
