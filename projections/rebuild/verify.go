package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
)

// Comparison is the result of Verify.
type Comparison struct {
	// Equal reports whether no table differs.
	Equal bool `json:"equal"`
	// Positions are those at which the live tables and the new ones were compared.
	Positions []Position `json:"positions"`
	// Tables are those of all projections, each compared over all tenants.
	Tables []TableComparison `json:"tables"`
	// LockedSeconds is how long the runners had to wait; readers did not wait.
	LockedSeconds float64 `json:"locked_seconds"`
}

// Position is the position of a projection of a tenant.
type Position struct {
	Tenant     domain.Tenant `json:"tenant"`
	Projection string        `json:"projection"`
	SequenceID int64         `json:"sequence_id"`
}

// ErrOtherVersion means that another version of a projection made the live tables, so they may differ without being wrong.
var ErrOtherVersion = errors.New("another version of the projection made the live tables; rebuild them")

// Verify builds tables as Run does and, instead of making them live, compares each with the live one, at the same
// sequence_id and row by row. It returns the errors of Run and ErrOtherVersion; differences are not an error but part of the
// Comparison.
func Verify(ctx context.Context, pool *pgxpool.Pool, compared []projections.Projection, config Config) (*Comparison, error) {
	var found *Comparison
	config = config.withDefaults()
	err := locked(ctx, pool, config, func(ctx context.Context) error {
		live := map[string]generation.Generation{}
		for _, p := range compared {
			g, err := generation.FindLive(ctx, pool, p.Name())
			if err != nil {
				return err
			}
			if g.Version != p.Version() {
				return fmt.Errorf("%s: %w", p.Name(), ErrOtherVersion)
			}
			live[p.Name()] = g
		}
		j, err := begin(ctx, pool, compared, generation.Comparing, config)
		if err != nil {
			return err
		}
		found, err = j.verify(ctx, live)
		j.end(ctx, err)
		return err
	})
	return found, err
}

func (j *job) verify(ctx context.Context, live map[string]generation.Generation) (*Comparison, error) {
	// Twice, so that little is left to apply while the runners wait.
	for _, phase := range []Phase{Filling, CatchingUp} {
		if err := j.advance(ctx, phase); err != nil {
			return nil, err
		}
	}
	found := &Comparison{Equal: true}
	err := pgx.BeginTxFunc(ctx, j.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := j.alignSnapshot(ctx, tx, found); err != nil {
			return fmt.Errorf("align the new tables with the live ones: %w", err)
		}
		tables := 0
		for _, b := range j.builds {
			tables += len(b.projection.Tables())
		}
		j.phase(Comparing, int64(tables))
		for _, b := range j.builds {
			for _, table := range b.projection.Tables() {
				t, err := compare(ctx, tx, live[b.Projection], b.Generation, table)
				if err != nil {
					return fmt.Errorf("compare %s: %w", table, err)
				}
				found.Tables = append(found.Tables, t)
				found.Equal = found.Equal && t.Equal()
				j.count(1)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// noTimeouts overrides timeouts that the role or the database may set.
const noTimeouts = `set local statement_timeout = 0; set local lock_timeout = 0; set local idle_in_transaction_session_timeout = 0`

// alignSnapshot gives a new transaction a snapshot in which the live tables and the new ones are at the same positions. It
// locks the checkpoints for as long as it takes to apply the last events.
func (j *job) alignSnapshot(ctx context.Context, tx pgx.Tx, found *Comparison) error {
	if _, err := tx.Exec(ctx, noTimeouts); err != nil {
		return err
	}
	return j.retryOnLockTimeout(ctx, func() error {
		return pgx.BeginFunc(ctx, j.pool, func(lock pgx.Tx) error {
			if err := j.lockCheckpoints(ctx, lock); err != nil {
				return err
			}
			began := time.Now()
			if err := j.advance(ctx, ""); err != nil {
				return err
			}
			var err error
			if found.Positions, err = j.comparedPositions(ctx); err != nil {
				return err
			}
			// The first query takes the snapshot.
			_, err = tx.Exec(ctx, "select pg_current_snapshot()")
			found.LockedSeconds = time.Since(began).Seconds()
			return err
		})
	})
}

func (j *job) comparedPositions(ctx context.Context) ([]Position, error) {
	var all []Position
	for _, b := range j.builds {
		built, err := j.positions(ctx, b)
		if err != nil {
			return nil, err
		}
		for _, p := range built {
			all = append(all, Position{p.Tenant, b.Projection, p.To})
		}
	}
	slices.SortFunc(all, func(a, b Position) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Projection, b.Projection))
	})
	return all, nil
}
