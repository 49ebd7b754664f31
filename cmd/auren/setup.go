package main

import (
	"context"
	"errors"

	"github.com/auren-memory/auren/deploy/standalone"
)

type setupCommand struct{}

// Run installs PostgreSQL's packages where they are missing and this account may do so, and is quiet otherwise.
func (*setupCommand) Run(ctx context.Context, a *app) error {
	_, _, err := standalone.FindPostgres()
	if _, missing := errors.AsType[*standalone.NotInstalledError](err); missing {
		return a.installPostgres(ctx)
	}
	return err
}

func (a *app) installPostgres(ctx context.Context) error {
	a.stderr.printf("%s\n", a.stderr.paint(dim, "PostgreSQL is not installed; installing it where that is allowed"))
	return standalone.InstallPostgres(ctx, a.stderr)
}
