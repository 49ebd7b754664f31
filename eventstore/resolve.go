package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// By its hash: an event with the mark of a command may be that of another process.
const findEvent = `select exists (select from events where tenant_id = $1 and sequence_id = $2 and event_id = $3 and hash = $4)`

const findCommand = `select exists (select from commands where tenant_id = $1 and command_id = $2)`

// resolve finds out what became of a commit whose connection was lost. It returns nil where the decision was
// committed, an unavailable error where it was not, and ErrOutcomeUnknown where it cannot be found out in time.
func (s *Store) resolve(d *decision, lost error) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Timeout)
	defer cancel()
	var committed bool
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// The lost transaction holds this lock until the server has ended it one way or the other.
		if _, err := tx.Exec(ctx, lockHead, d.tenant); err != nil {
			return err
		}
		if len(d.events) > 0 {
			last := &d.events[len(d.events)-1]
			return tx.QueryRow(ctx, findEvent, d.tenant, last.SequenceID, last.ID, last.Hash[:]).Scan(&committed)
		}
		return tx.QueryRow(ctx, findCommand, d.tenant, d.commands[0].id).Scan(&committed)
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
