package writer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/eventstore"
)

// errAssumptionFailed says that nothing was written because something is not as assumed; the locked path finds out what.
var errAssumptionFailed = errors.New("append: an assumption failed")

// committer commits batches.
type committer struct {
	pool    *pgxpool.Pool
	timeout time.Duration
	statements
	options
}

// commit gives every request of the batch its result or its error.
func (c *committer) commit(ctx context.Context, tenant domain.Tenant, cache *headCache, batch []*request) {
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := c.commitOnce(bounded, tenant, cache, batch)
	if err == nil {
		return
	}
	if len(batch) == 1 || eventstore.IsUnavailable(err) || errors.Is(err, eventstore.ErrOutcomeUnknown) {
		for _, r := range batch {
			r.result, r.err = eventstore.Result{}, eventstore.Translate(err)
		}
		return
	}
	// The database refused the batch for what is in it: only the command at fault may fail.
	for _, r := range batch {
		c.commit(ctx, tenant, cache, []*request{r})
	}
}

// commitOnce appends a batch in one transaction and fills in the requests' results. After an error nothing of the
// batch is written, unless it is ErrOutcomeUnknown.
func (c *committer) commitOnce(ctx context.Context, tenant domain.Tenant, cache *headCache, batch []*request) error {
	conn, err := c.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()

	failpoint.Reached(failpoint.AppendBegun)
	if state, ok := cache.assume(batch); ok {
		if err := c.commitOptimistic(ctx, conn, tenant, cache, state, batch); !errors.Is(err, errAssumptionFailed) {
			return err
		}
	}
	return c.commitLocked(ctx, conn, tenant, cache, batch)
}

// commitOptimistic decides a batch on assumptions and sends it in one round trip, which locks the log.
func (c *committer) commitOptimistic(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, cache *headCache, state logState, batch []*request) error {
	d := decideAll(tenant, state, batch, c.chain)
	if d.refused {
		// A duplicate or conflict within the batch would be answered from assumptions: only the locked path may refuse.
		return errAssumptionFailed
	}
	failpoint.Reached(failpoint.AppendAssumed)
	err := c.commitDecided(ctx, conn, d)
	switch {
	case err == nil:
		cache.head = d.after.head
	case !errors.Is(err, errAssumptionFailed):
		*cache = headCache{}
	}
	return err
}

// commitLocked locks the log, reads what decides the batch, and sends it in a second round trip.
func (c *committer) commitLocked(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, cache *headCache, batch []*request) error {
	// Unless this succeeds, nothing is known of the log.
	remembered := *cache
	*cache = headCache{}
	state, err := lock(ctx, conn, tenant, batch)
	if err != nil {
		return errors.Join(err, rollback(ctx, conn))
	}
	locked := time.Now()
	d := decideAll(tenant, state, batch, c.chain)
	if d.nothing() {
		err = rollback(ctx, conn)
	} else {
		failpoint.Reached(failpoint.AppendLocked)
		err = c.commitDecided(ctx, conn, d)
	}
	if err == nil {
		remembered.update(state, d.after, locked, d.refused, c.pessimism)
		*cache = remembered
	}
	return err
}

// commitDecided sends a decision and finds out what became of it. After errAssumptionFailed, which only a decision on assumptions
// meets, nothing is written and no transaction is open.
func (c *committer) commitDecided(ctx context.Context, conn *pgxpool.Conn, d *decision) error {
	moved, err := c.send(ctx, conn, d)
	switch {
	case err == nil && moved:
		failpoint.Reached(failpoint.AppendCommitted)
		return nil
	case err == nil && d.after.assumed:
		return errAssumptionFailed
	case err == nil:
		return errors.New("append: the head of the log moved in spite of its lock")
	case eventstore.IsUnavailable(err):
		// COMMIT may have been carried out although its answer was lost. The connection is of no more use, and recovery needs one.
		conn.Release()
		return c.recoverOutcome(d, err)
	}
	if d.after.assumed {
		// A constraint refused a stream, an event or a command id that is there, or the database the batch for what is in it.
		if _, refused := errors.AsType[*pgconn.PgError](err); refused {
			return errAssumptionFailed
		}
		return err
	}
	return errors.Join(err, rollback(ctx, conn))
}

// By its hash: another process may have appended an event at the same place.
const findEvent = `select exists (select from events where tenant_id = $1 and sequence_id = $2 and hash = $3)`

// Another process may have recorded some of the same ids: the decision holds if all of them are there with the same outcomes,
// whoever wrote them.
const findCommands = `
select count(*) = cardinality($2::text[])
  from unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) as sought (id, sequence_ids, fingerprint, outcome)
  join commands as c on c.tenant_id = $1 and c.command_id = sought.id
 where c.fingerprint = sought.fingerprint and c.sequence_ids = sought.sequence_ids::bigint[] and c.outcome = sought.outcome::jsonb`

const advanceEpoch = `update logs set epoch = epoch + 1 where tenant_id = $1`

// recoverOutcome finds out what became of a commit whose connection was lost. It returns nil if the decision was committed, an
// unavailable error if it was not and never will be, and ErrOutcomeUnknown if it cannot find out in time.
func (c *committer) recoverOutcome(d *decision, lost error) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	var committed bool
	err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		// The lost transaction holds this lock until the server has ended it one way or the other.
		if _, err := tx.Exec(ctx, lockHead, d.tenant); err != nil {
			return err
		}
		var err error
		if len(d.events) > 0 {
			last := &d.events[len(d.events)-1]
			err = tx.QueryRow(ctx, findEvent, d.tenant, last.SequenceID, last.Hash[:]).Scan(&committed)
		} else {
			err = tx.QueryRow(ctx, findCommands, append([]any{d.tenant}, d.commandColumns()...)...).Scan(&committed)
		}
		if err != nil || committed {
			return err
		}
		// An optimistic statement may still be on its way: the new epoch has it write nothing.
		_, err = tx.Exec(ctx, advanceEpoch, d.tenant)
		return err
	})
	switch {
	case err != nil:
		return errors.Join(eventstore.ErrOutcomeUnknown, fmt.Errorf("look for the outcome: %w", err), lost)
	case committed:
		return nil
	default:
		return errors.Join(eventstore.ErrUnavailable, lost)
	}
}
