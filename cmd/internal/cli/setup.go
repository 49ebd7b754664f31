package cli

import (
	"context"
	"errors"

	"github.com/auren-memory/auren/deploy/standalone"
)

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
