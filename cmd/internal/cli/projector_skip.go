package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/projections"
)

// ProjectorSkip is `auren projector skip`.
type ProjectorSkip struct {
	Projection string `arg:"" help:"The projection that is stopped, as auren status names it."`
	SequenceID int64  `arg:"" name:"sequence_id" help:"The event that it is stopped at."`
	Reason     string `required:"" placeholder:"TEXT" help:"Why; it is kept in the log."`
	Actor      string `env:"AUREN_ACTOR" placeholder:"NAME" help:"Who does it; default: the name of your account."`
	JSON       bool   `help:"Print the answer as JSON."`
}

// Run records in the log that the projection skips the event, which it must be stopped at. Its leader continues
// within a second; every rebuild skips the event, too.
func (c *ProjectorSkip) Run(ctx context.Context, a *App) error {
	client, err := a.Connect(ctx, "projector skip")
	if err != nil {
		return err
	}
	defer client.Close()
	w := writing{Actor: c.Actor, Reason: c.Reason}
	said, err := projections.Skip(ctx, client.Pool, client.Writer, a.Tenant, c.Projection, c.SequenceID, w.request(a).Meta, w.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(said)
	}
	a.Stdout.Printf("%s event %s of %s  recorded as event %s of stream %s\n",
		a.Stdout.Paint(terminal.Green, "skipped"), terminal.Number(c.SequenceID), c.Projection, terminal.Number(said.SequenceID), said.StreamID)
	return nil
}
