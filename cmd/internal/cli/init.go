package cli

import (
	"context"
	"errors"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/migrations"
)

// Init is `auren init`.
type Init struct{}

// Run creates the database where the server has none of that name, and migrates it.
func (*Init) Run(ctx context.Context, a *App) error {
	dsn, err := a.DatabaseDSN()
	if err != nil {
		return err
	}
	// Opening waits for the server, which may be starting too.
	pool, err := a.ConnectAs(ctx, "auren init")
	switch {
	case errors.Is(err, database.ErrMissing):
		created, err := migrations.CreateDatabase(ctx, dsn)
		if err != nil {
			return err
		}
		if created {
			a.Stdout.Printf("created the database\n")
		}
	case err != nil:
		return err
	default:
		pool.Close()
	}
	return a.migrate(ctx, dsn)
}

// migrate brings the schema up to date and says what it did.
func (a *App) migrate(ctx context.Context, dsn string) error {
	pool, err := a.ConnectAs(ctx, "auren init")
	if err != nil {
		return err
	}
	defer pool.Close()
	before, latest, err := migrations.Version(ctx, pool)
	if err != nil {
		return err
	}
	a.AnnounceMigration(before, latest)
	if err := stack.Migrate(ctx, dsn); err != nil {
		return err
	}
	if before == latest {
		a.Stdout.Printf("the schema of %s is at version %d already\n", database.Target(pool), latest)
		return nil
	}
	a.Stdout.Printf("brought the schema of %s from version %d to %d\n", database.Target(pool), before, latest)
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
