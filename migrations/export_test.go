package migrations

import (
	"context"

	"github.com/jackc/pgx/v5/stdlib"
)

// For the tests outside the package, which pgtest, importing it, forces on us.
var (
	Describe         = describe
	FormatManifest   = formatManifest
	ExplainExtension = explainExtension
	Tables           = tables
	Schema           = schema
)

// UpTo brings an empty database to the version of an older program.
func UpTo(ctx context.Context, dsn string, version int64) error {
	config, err := parseDSN(dsn)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	if err := createExtension(ctx, db); err != nil {
		return err
	}
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}
