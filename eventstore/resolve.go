package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// By its hash: an event with the mark of a command may be that of another process.
const findEvent = `select exists (select from events where tenant_id = $1 and sequence_id = $2 and event_id = $3 and hash = $4)`

// All of them: another process may have recorded some of the same ids. Where it recorded all, with the same outcomes, what was
// decided holds, whoever wrote it.
const findCommands = `
select count(*) = cardinality($2::text[])
  from unnest($2::text[], $3::bytea[], $4::text[]) as sought (id, fingerprint, outcome)
  join commands as c on c.tenant_id = $1 and c.command_id = sought.id
 where c.fingerprint = sought.fingerprint and c.outcome = sought.outcome::jsonb`

const advanceEpoch = `update logs set epoch = epoch + 1 where tenant_id = $1`

// resolve finds out what became of a commit whose connection was lost. It returns nil where the decision was
// committed, an unavailable error where it was not and never will be, and ErrOutcomeUnknown where it cannot be found out
// in time.
func (s *Store) resolve(d *decision, lost error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Timeout)
	defer cancel()
	var committed bool
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// The lost transaction holds this lock until the server has ended it one way or the other.
		if _, err := tx.Exec(ctx, lockHead, d.tenant); err != nil {
			return err
		}
		var err error
		if len(d.events) > 0 {
			last := &d.events[len(d.events)-1]
			err = tx.QueryRow(ctx, findEvent, d.tenant, last.SequenceID, last.ID, last.Hash[:]).Scan(&committed)
		} else {
			ids, fingerprints, outcomes := d.commandColumns()
			err = tx.QueryRow(ctx, findCommands, d.tenant, ids, fingerprints, outcomes).Scan(&committed)
		}
		if err != nil || committed {
			return err
		}
		// What was decided without the lock may still be on its way.
		_, err = tx.Exec(ctx, advanceEpoch, d.tenant)
		return err
	})
	switch {
	case err != nil:
		return errors.Join(ErrOutcomeUnknown, fmt.Errorf("look for the outcome: %w", err), lost)
	case committed:
		return nil
	default:
		return errors.Join(ErrUnavailable, lost)
	}
}
