package writer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/eventstore"
)

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
