package writer

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// The key of a fingerprint is null once one of the events was erased.
const readCommands = `
select c.command_id, c.fingerprint, c.outcome,
       case when cardinality(c.sequence_ids) = 0
            then (select secret from logs where tenant_id = $1)
            else (select case when count(s.salt) = count(*) then string_agg(s.salt, ''::bytea order by e.n) end
                    from unnest(c.sequence_ids) with ordinality as e (sequence_id, n)
                    left join lateral (
                         select salt
                           from event_contents
                          where tenant_id = $1 and sequence_id = e.sequence_id
                          order by sequence_id
                          limit 1) as s on true)
       end
  from unnest($2::text[]) as sought (id)
 cross join lateral (
       select command_id, sequence_ids, fingerprint, outcome
         from commands
        where tenant_id = $1 and command_id = sought.id
        order by command_id
        limit 1) as c`

// readOutcome returns the first outcome of a command id, or ok false if it was not recorded, or ErrReused if it was recorded with
// another fingerprint.
func readOutcome(ctx context.Context, pool *pgxpool.Pool, tenant domain.Tenant, id string, fingerprint eventstore.Hash) (
	first eventstore.Outcome, ok bool, err error,
) {
	rows, err := pool.Query(ctx, readCommands, tenant, []string{id})
	if err != nil {
		return first, false, eventstore.Translate(fmt.Errorf("read command: %w", err))
	}
	commands, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (recorded, error) {
		_, c, err := scanRecorded(row)
		return c, err
	})
	switch {
	case err != nil:
		return first, false, eventstore.Translate(fmt.Errorf("read command: %w", err))
	case len(commands) == 0:
		return first, false, nil
	case !commands[0].isOf(fingerprint):
		return first, false, eventstore.ErrReused
	default:
		return commands[0].outcome, true, nil
	}
}

func scanRecorded(row pgx.CollectableRow) (id string, c recorded, err error) {
	var outcome []byte
	if err := row.Scan(&id, &c.fingerprint, &outcome, &c.key); err != nil {
		return "", recorded{}, err
	}
	if err := json.Unmarshal(outcome, &c.outcome); err != nil {
		return "", recorded{}, fmt.Errorf("outcome of command %q: %w", id, err)
	}
	return id, c, nil
}

func encodeOutcome(o *eventstore.Outcome) []byte {
	raw, err := json.Marshal(o)
	if err != nil {
		panic("writer: an outcome cannot be encoded: " + err.Error())
	}
	return raw
}
