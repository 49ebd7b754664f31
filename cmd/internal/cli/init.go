package cli

import (
	"context"
	"errors"

	"github.com/auren-memory/auren/deploy/standalone"
)

// Init is `auren init`.
type Init struct{}

// Run creates the database where the server has none of that name, and migrates it.
func (*Init) Run(ctx context.Context, a *App) error {
	dsn, err := a.DatabaseDSN()
	if err != nil {
		return err
	}
	return a.migrate(ctx, dsn)
}

// migrate brings the schema up to date and says what it did.
func (a *App) migrate(ctx context.Context, dsn string) error {
	did, err := a.PrepareSchema(ctx, dsn, "auren init")
	if did.Created {
		a.Stdout.Printf("created the database\n")
	}
	switch {
	case err != nil:
		return err
	case did.Before == did.Latest:
		a.Stdout.Printf("the schema of %s is at version %d already\n", did.Target, did.Latest)
	default:
		a.Stdout.Printf("brought the schema of %s from version %d to %d\n", did.Target, did.Before, did.Latest)
	}
	return nil
}

// Setup is `auren setup`.
type Setup struct{}

// Run installs PostgreSQL's packages where they are missing and this account may do so, and is quiet otherwise.
func (*Setup) Run(ctx context.Context, a *App) error {
	_, err := standalone.FindPostgres()
	if _, missing := errors.AsType[*standalone.NotInstalledError](err); missing {
		return a.InstallPostgres(ctx)
	}
	return err
}
