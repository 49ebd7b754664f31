package eventstore

import (
	"context"
	"crypto/sha1" //nolint:gosec // name-based UUIDs are made with it
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
)

// marks is the namespace of the ids that are made from those of commands.
var marks = uuid.MustParse("6f0a2b63-3f0c-4d0e-9a57-1c1f3d0c7a11")

// markOf is the id of the first event of the command with the given id. That no two events of a log have one id is what
// keeps a command from being appended twice.
//
// It is a name-based UUID, version 5 (RFC 9562, section 5.5). Where the id of the command is a UUID of version 7, the first
// 48 bits, the time, are those of it, which makes it version 8 (section 5.8): then the ids of events appended one after the
// other are neighbours in their index, where they would otherwise be all over it.
func markOf(tenant domain.Tenant, commandID string) uuid.UUID {
	mark := nameBased(marks, string(tenant), "/", commandID)
	if id, err := uuid.Parse(commandID); err == nil && len(commandID) == textOfUUID && id.Version() == 7 {
		copy(mark[:6], id[:6])
		mark[6] = 8<<4 | mark[6]&0x0f
	}
	return mark
}

// nameBased is the UUID of version 5 of a name, given in pieces, in a namespace: the one that uuid.NewSHA1 makes, without
// garbage.
func nameBased(space uuid.UUID, name ...string) (id uuid.UUID) {
	var room [512]byte
	text := append(room[:0], space[:]...)
	for _, piece := range name {
		text = append(text, piece...)
	}
	sum := sha1.Sum(text) //nolint:gosec // RFC 9562 asks for SHA-1
	copy(id[:], sum[:])
	id[6] = 5<<4 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// textOfUUID is how long a UUID is, written with its hyphens and nothing else.
const textOfUUID = 36

// isMark tells whether an id could be one that markOf makes.
func isMark(id uuid.UUID) bool { return id.Version() == 5 || id.Version() == 8 }

// Outcome returns the first outcome of a command id, or ok false where it was not recorded, or ErrReused where
// it was recorded with another fingerprint.
func (s *Store) Outcome(ctx context.Context, tenant domain.Tenant, id string, fingerprint Hash) (first Outcome, ok bool, err error) {
	rows, err := s.pool.Query(ctx, readCommands, tenant, []string{id}, pgtype.FlatArray[uuid.UUID]{markOf(tenant, id)})
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
	case !fingerprint.beginsWith(commands[0].fingerprint):
		return Outcome{}, false, ErrReused
	default:
		if s.config.Appended != nil {
			s.config.Appended(AppendStats{Duplicates: 1})
		}
		return commands[0].outcome, true, nil
	}
}
