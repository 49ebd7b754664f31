package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
)

// changeOne carries out a command on the memory that was named, and prints what became of it.
func changeOne[Q any](ctx context.Context, a *App, w *writing, id, did string, op api.Query[Q, commands.Receipt], request func(api.MemoryID) Q) error {
	memory, err := parseID("ID", id)
	if err != nil {
		return err
	}
	door, err := a.OpenDoor(ctx, "change")
	if err != nil {
		return err
	}
	defer door.Close()
	receipt, err := op.Call(ctx, door, w.caller(a), request(api.MemoryID{ID: memory}))
	if err != nil {
		return err
	}
	return w.answer(a, did, receipt)
}
