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

// errMixed says that a program of another version has written to the copies. It may have lost the lock without knowing yet.
var errMixed = errors.New("a program of another version has written to the copies, too")

// (%s: the checkpoints of the copies; $1: the projections, $2: their versions)
const isMixed = `
select exists (
       select
         from %s as c
         join unnest($1::text[], $2::int[]) as rebuilt (projection, projection_version) using (projection)
        where c.projection_version <> rebuilt.projection_version)`

// checkMixed returns errMixed where the copies are not of the projections' versions alone.
func (b *build) checkMixed(ctx context.Context, q querier) error {
	var names []string
	var ofVersions []int
	for _, p := range b.rebuilt {
		names, ofVersions = append(names, p.Name()), append(ofVersions, p.Version())
	}
	var mixed bool
	if err := q.QueryRow(ctx, fmt.Sprintf(isMixed, b.copyOf(checkpoints)), names, ofVersions).Scan(&mixed); err != nil {
		return fmt.Errorf("read the versions of the copies: %w", err)
	}
	if mixed {
		return errMixed
	}
	return nil
}
