package rebuild

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/projections"
)

// ErrNewerVersion says that a newer program made live tables, which goes on with them.
var ErrNewerVersion = errors.New("the live tables are of a newer version than this program's")

// versions are those of a projection that the tenants' checkpoints record.
type versions struct {
	projection       projections.Projection
	oldest, youngest int
}

// older says that the tables of some tenant were made by an older version than the program's.
func (v versions) older() bool { return v.oldest < v.projection.Version() }

// newer says the opposite. Then it is not for this program to touch them.
func (v versions) newer() bool { return v.youngest > v.projection.Version() }

const readProjectionVersions = `
select coalesce(min(projection_version), $2), coalesce(max(projection_version), $2)
  from projection_checkpoints
 where projection = $1`

func readVersions(ctx context.Context, pool *pgxpool.Pool, all []projections.Projection) ([]versions, error) {
	found := make([]versions, len(all))
	for i, p := range all {
		found[i].projection = p
		err := pool.QueryRow(ctx, readProjectionVersions, p.Name(), p.Version()).Scan(&found[i].oldest, &found[i].youngest)
		if err != nil {
			return nil, fmt.Errorf("read the versions of %s: %w", p.Name(), err)
		}
	}
	return found, nil
}

func refuseNewer(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection) error {
	recorded, err := readVersions(ctx, pool, rebuilt)
	if err != nil {
		return err
	}
	for _, r := range recorded {
		if r.newer() {
			return fmt.Errorf("%s: %w (%d rather than %d)", r.projection.Name(), ErrNewerVersion, r.youngest, r.projection.Version())
		}
	}
	return nil
}
