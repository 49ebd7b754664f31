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
)

// Comparison is what Verify found.
type Comparison struct {
	// Equal says that no table differs.
	Equal bool `json:"equal"`
	// Positions are where live tables and copies stood when they were compared.
	Positions []Position `json:"positions"`
	// Tables are those of all projections, each compared over all tenants.
	Tables []TableComparison `json:"tables"`
	// LockedSeconds is for how long the projectors had to wait. Readers did not.
	LockedSeconds float64 `json:"locked_seconds"`
}

// Position is how far a projection of a tenant was.
type Position struct {
	Tenant     domain.Tenant `json:"tenant"`
	Projection string        `json:"projection"`
	SequenceID int64         `json:"sequence_id"`
}

// ErrOtherVersion says that live tables were made by another version of a projection, so that they may differ rightly.
var ErrOtherVersion = errors.New("the live tables are of another version than this program's; rebuild them")

// Verify builds projections as Run does, and compares each table with the live one, at the same sequence_id and row by
// row, instead of swapping it in. Nothing of the live tables is changed. It returns an error like Run does, and
// ErrOtherVersion; that tables differ is no error but said in the Comparison.
func Verify(ctx context.Context, pool *pgxpool.Pool, compared []projections.Projection, config Config) (*Comparison, error) {
	var found *Comparison
	config = config.withDefaults()
	err := locked(ctx, pool, config, func(ctx context.Context, _ *lock) error {
		if err := checkVersions(ctx, pool, compared); err != nil {
			return err
		}
		b, err := newBuild(ctx, pool, compared, toCompare, config)
		if err != nil {
			return err
		}
		defer b.shadow.Close()
		if found, err = b.verify(ctx); err != nil {
			b.recordFailure(ctx, err)
			return err
		}
		return b.drop(ctx)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func checkVersions(ctx context.Context, pool *pgxpool.Pool, compared []projections.Projection) error {
	recorded, err := readVersions(ctx, pool, compared)
	if err != nil {
		return err
	}
	for _, r := range recorded {
		if r.older() || r.newer() {
			return fmt.Errorf("%s: %w", r.projection.Name(), ErrOtherVersion)
		}
	}
	return nil
}

func (b *build) verify(ctx context.Context) (*Comparison, error) {
	// Twice, so that little is left for when the projectors wait.
	for _, phase := range []Phase{Filling, CatchingUp} {
		if err := b.advance(ctx, phase); err != nil {
			return nil, err
		}
	}
	found := &Comparison{Equal: true}
	err := pgx.BeginTxFunc(ctx, b.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var err error
		if found.Positions, found.LockedSeconds, err = b.level(ctx, tx); err != nil {
			return err
		}
		if err := b.begin(ctx, Comparing, 0, int64(len(b.tables))); err != nil {
			return err
		}
		for _, table := range b.tables {
			t, err := b.compare(ctx, tx, table)
			if err != nil {
				return fmt.Errorf("compare %s: %w", table, err)
			}
			found.Tables = append(found.Tables, t)
			found.Equal = found.Equal && t.Equal()
			b.done(1)
		}
		return nil
	})
	return found, err
}

// takeSnapshot is the first query of a transaction; what it sees is what all others see.
const takeSnapshot = `select pg_current_snapshot()`

// level gives a transaction that has not asked anything yet a snapshot in which live tables and copies stand at the same
// events. No checkpoint can move for as long as it takes to apply the last events to the copies.
func (b *build) level(ctx context.Context, tx pgx.Tx) (positions []Position, lockedSeconds float64, err error) {
	if err := takeTime(ctx, tx); err != nil {
		return nil, 0, err
	}
	// It waits for the others below.
	if _, err := tx.Exec(ctx, "set local idle_in_transaction_session_timeout = 0"); err != nil {
		return nil, 0, err
	}
	err = b.whenFree(ctx, func() error {
		return pgx.BeginFunc(ctx, b.pool, func(lock pgx.Tx) error {
			_, err := lock.Exec(ctx, fmt.Sprintf("set local idle_in_transaction_session_timeout = %d", longestIdle.Milliseconds()))
			if err != nil {
				return err
			}
			if err := b.holdCheckpoints(ctx, lock); err != nil {
				return err
			}
			began := time.Now()
			legs, err := b.legs(ctx)
			if err != nil {
				return err
			}
			if err := follow(ctx, legs); err != nil {
				return err
			}
			if err := b.checkMixed(ctx, b.pool); err != nil {
				return err
			}
			positions = positionsOf(legs)
			_, err = tx.Exec(ctx, takeSnapshot)
			lockedSeconds = time.Since(began).Seconds()
			return err
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("bring the copies to where the live tables are: %w", err)
	}
	return positions, lockedSeconds, nil
}

func positionsOf(legs []leg) []Position {
	var all []Position
	for _, l := range legs {
		for tenant, at := range l.until {
			all = append(all, Position{tenant, l.projection.Name(), at})
		}
	}
	slices.SortFunc(all, func(a, b Position) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Projection, b.Projection))
	})
	return all
}

func (b *build) drop(ctx context.Context) error {
	if _, err := b.pool.Exec(ctx, "drop schema "+pgx.Identifier{Schema}.Sanitize()+" cascade"); err != nil {
		return fmt.Errorf("drop the schema %s: %w", Schema, err)
	}
	return nil
}
