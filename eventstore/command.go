package eventstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
)

// Outcome returns the first outcome of a command id, or ok false where it was not recorded, or ErrReused where
// it was recorded with another fingerprint.
func (s *Store) Outcome(ctx context.Context, tenant domain.Tenant, id string, fingerprint Hash) (first Outcome, ok bool, err error) {
	rows, err := s.pool.Query(ctx, readCommands, tenant, []string{id})
	if err != nil {
		return Outcome{}, false, translate(fmt.Errorf("read command: %w", err))
	}
	commands, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (recorded, error) {
		_, c, err := scanRecorded(row)
		return c, err
	})
	switch {
	case err != nil:
		return Outcome{}, false, translate(fmt.Errorf("read command: %w", err))
	case len(commands) == 0:
		return Outcome{}, false, nil
	case commands[0].fingerprint != fingerprint:
		return Outcome{}, false, ErrReused
	default:
		if s.config.Appended != nil {
			s.config.Appended(AppendStats{Duplicates: 1})
		}
		return commands[0].outcome, true, nil
	}
}
