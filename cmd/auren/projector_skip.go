package main

import (
	"context"

	"github.com/auren-memory/auren/projections"
)

type projectorSkipCommand struct {
	Projection string `arg:"" help:"The projection that is stopped, as auren status names it."`
	SequenceID int64  `arg:"" name:"sequence_id" help:"The event that it is stopped at."`
	Reason     string `required:"" placeholder:"TEXT" help:"Why; it is kept in the log."`
	Actor      string `env:"AUREN_ACTOR" placeholder:"NAME" help:"Who does it; default: the name of your account."`
	JSON       bool   `help:"Print the answer as JSON."`
}

// Run has the log say that the projection passes over the event, which it must be stopped at. Whoever leads it goes on
// within a second; every rebuild passes over the event, too.
func (c *projectorSkipCommand) Run(ctx context.Context, a *app) error {
	client, err := a.connect(ctx, "projector skip")
	if err != nil {
		return err
	}
	defer client.close()
	w := writing{Actor: c.Actor, Reason: c.Reason}
	said, err := projections.Skip(ctx, client.pool, client.store, a.tenant, c.Projection, c.SequenceID, w.request(a).Meta)
	if err != nil {
		return err
	}
	if c.JSON {
		return a.stdout.json(said)
	}
	a.stdout.printf("%s event %s of %s  recorded as event %s of stream %s\n",
		a.stdout.paint(green, "skipped"), number(c.SequenceID), c.Projection, number(said.SequenceID), said.StreamID)
	return nil
}
