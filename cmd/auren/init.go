package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/migrations"
)

type initCommand struct{}

// Run creates the database where the server has none of that name, and migrates it.
func (*initCommand) Run(ctx context.Context, a *app) error {
	dsn, err := a.databaseDSN()
	if err != nil {
		return err
	}
	// Opening waits for the server, which may be starting too.
	pool, err := a.connectAs(ctx, "auren init")
	switch {
	case errors.Is(err, database.ErrMissing):
		created, err := migrations.CreateDatabase(ctx, dsn)
		if err != nil {
			return err
		}
		if created {
			a.stdout.printf("created the database\n")
		}
	case err != nil:
		return err
	default:
		pool.Close()
	}
	return a.migrate(ctx, dsn)
}

// migrate brings the schema up to date and says what it did.
func (a *app) migrate(ctx context.Context, dsn string) error {
	pool, err := a.connectAs(ctx, "auren init")
	if err != nil {
		return err
	}
	defer pool.Close()
	before, latest, err := migrations.Version(ctx, pool)
	if err != nil {
		return err
	}
	a.announceMigration(before, latest)
	if err := migrations.Up(ctx, dsn); err != nil {
		return err
	}
	if before == latest {
		a.stdout.printf("the schema of %s is at version %d already\n", database.Target(pool), latest)
		return nil
	}
	a.stdout.printf("brought the schema of %s from version %d to %d\n", database.Target(pool), before, latest)
	return nil
}

// announceMigration tells beforehand of what may take minutes where there are many memories.
func (a *app) announceMigration(before, latest int64) {
	if before > 0 && before < latest {
		a.stderr.printf("%s\n", a.stderr.paint(dim, fmt.Sprintf("bringing the schema from version %d to %d", before, latest)))
	}
}
