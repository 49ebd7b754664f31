package cli

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
)

// changeOne carries out a command on one memory and prints what became of it.
func (w *writing) changeOne(ctx context.Context, a *App, id string, did string, expected int,
	change func(*commands.Handler, commands.Request, uuid.UUID) (commands.Receipt, error),
) error {
	memory, err := parseID("ID", id)
	if err != nil {
		return err
	}
	client, err := a.Connect(ctx, "change")
	if err != nil {
		return err
	}
	defer client.Close()
	request := w.request(a)
	request.ExpectedVersion = expected
	receipt, err := change(client.Handler, request, memory)
	if err != nil {
		return err
	}
	return w.answer(a, did, receipt)
}
