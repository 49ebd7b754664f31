package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
)

// ErrUnknown means that the connection was lost during the commit of the switch, and PostgreSQL cannot be asked whether the
// switch took place.
var ErrUnknown = errors.New("it is not known whether the new tables are live")

const (
	// runnersWait is how long to wait for the runners' current batches before letting the transactions pass that wait behind
	// us. It is longer than deadlock_timeout, after which PostgreSQL cancels an autovacuum that blocks us.
	runnersWait = 2 * time.Second
	// readersWait is how long to wait for the readers of one view. A reader of one view may wait for us at another while we
	// wait for it: all views together must take less than deadlock_timeout, a second, or PostgreSQL may cancel the reader.
	readersWait = 150 * time.Millisecond
)

// makeLive makes the new generations live.
func (j *job) makeLive(ctx context.Context) error {
	j.phase(Switching, 0)
	return j.retryOnLockTimeout(ctx, func() error {
		err := pgx.BeginTxFunc(ctx, j.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			if len(j.config.Tenants) > 0 {
				return j.replaceIn(ctx, tx)
			}
			return j.switchIn(ctx, tx)
		})
		if err == nil || isLockTimeout(err) {
			return err
		}
		return j.resolve(ctx, fmt.Errorf("switch to the new tables: %w", err))
	})
}

func (j *job) switchIn(ctx context.Context, tx pgx.Tx) error {
	if err := j.lockCheckpoints(ctx, tx); err != nil {
		return err
	}
	if err := j.advance(ctx, ""); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("set local lock_timeout = %d", readersWait.Milliseconds())); err != nil {
		return err
	}
	for _, b := range j.builds {
		if err := generation.MakeLive(ctx, tx, b.Generation, b.projection); err != nil {
			return err
		}
	}
	for _, b := range j.builds {
		if err := b.moveCheckpoints(ctx, tx, nil); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(dropSurroundings, pgx.Identifier{b.Schema}.Sanitize())); err != nil {
			return err
		}
	}
	failpoint.Reached(failpoint.RebuildSwitching)
	return nil
}

// resolve finds out whether a switch that ended in an error took place, as it may have if the answer to its commit was lost.
// The row of the generation is locked until PostgreSQL has committed that transaction or rolled it back.
func (j *job) resolve(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxIdle)
	defer cancel()
	var state generation.State
	err := j.pool.QueryRow(ctx, "select state from projection_generations where generation = $1 for update", j.builds[0].Number).Scan(&state)
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%w: %w", ErrUnknown, cause)
	case state == generation.Live || state == generation.Retired: // by replaceIn
		return nil
	default:
		return cause
	}
}

// retryOnLockTimeout retries do when it could not get a lock, a bounded number of times. The pauses let readers pass that
// wait behind the lock.
func (j *job) retryOnLockTimeout(ctx context.Context, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if !isLockTimeout(err) || attempt == j.config.attempts {
			return err
		}
		j.log.Info("the tables are in use; trying again", zap.Int("attempt", attempt))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(j.config.pause):
		}
		// The live runners went on meanwhile.
		if err := j.advance(ctx, ""); err != nil {
			return err
		}
	}
}

// lockCheckpoints keeps every runner from moving or creating a checkpoint until the transaction ends, so the live tables do
// not change.
func (j *job) lockCheckpoints(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, fmt.Sprintf(`
set local idle_in_transaction_session_timeout = %d;
set local lock_timeout = %d;
lock table projection_checkpoints in share row exclusive mode`, maxIdle.Milliseconds(), runnersWait.Milliseconds()))
	return err
}

// The new term fences off the current leader, and the lease is free, so that it can lead again at once. A tenant with an
// empty log may have a live checkpoint and none of the build: it gets the new version, too. It is not deleted, since a new
// row would reuse earlier terms.
// (%s: the checkpoints of the build; $1: the projection, $2: its version, $3: the tenants, null for all)
const moveCheckpoints = `
insert into projection_checkpoints as live (tenant_id, projection, projection_version, sequence_id)
select tenant_id, $1, $2, max(sequence_id)
  from (select tenant_id, sequence_id from %s
         union all
        select tenant_id, 0 from projection_checkpoints where projection = $1) as all_tenants
 where $3::text[] is null or tenant_id = any($3)
 group by tenant_id
on conflict (tenant_id, projection) do update
   set projection_version = excluded.projection_version,
       sequence_id = excluded.sequence_id,
       updated_at = clock_timestamp(),
       lease_holder = '',
       lease_term = live.lease_term + 1,
       lease_until = '-infinity',
       stopped_at = null,
       stopped_reason = ''
returning pg_notify('` + projections.Channel + `', tenant_id || '/' || projection || ' ' || sequence_id)`

// moveCheckpoints sets the live checkpoints to those of the build.
func (b *build) moveCheckpoints(ctx context.Context, tx pgx.Tx, tenants []string) error {
	_, err := tx.Exec(ctx, fmt.Sprintf(moveCheckpoints, b.Table("projection_checkpoints")), b.Projection, b.projection.Version(), tenants)
	return err
}
