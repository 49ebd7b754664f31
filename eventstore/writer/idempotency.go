package writer

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
)

// The commands $2 that have a row, and those that the event with the id in $3 records. The key of a fingerprint is null once one of
// the events was erased.
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
        limit 1) as c
 union all
select sought.id, s.fingerprint, jsonb_build_object('writes', jsonb_build_array(to_jsonb(e))), s.salt
  from unnest($2::text[], $3::uuid[]) as sought (id, event_id)
 cross join lateral (
       select stream_id, version, sequence_id, event_id
         from events
        where tenant_id = $1 and event_id = sought.event_id
        order by event_id
        limit 1) as e
  left join lateral (
       select salt, fingerprint
         from event_contents
        where tenant_id = $1 and sequence_id = e.sequence_id
        order by sequence_id
        limit 1) as s on true`

// commandEvents is the namespace of the ids of events that record commands.
var commandEvents = uuid.MustParse("6f0a2b63-3f0c-4d0e-9a57-1c1f3d0c7a11")

// commandEventID returns the id of the event that records a command: since no two events of a log have one id, no command is
// appended twice. It is a name-based UUID of version 5 (RFC 9562, section 5.5). If the id of the command is a UUID of version 7,
// the time of that replaces the first 48 bits, which makes it version 8 (section 5.8), so that events appended one after the other
// are neighbours in their index.
func commandEventID(tenant domain.Tenant, commandID string) uuid.UUID {
	id := uuid.NewSHA1(commandEvents, []byte(string(tenant)+"/"+commandID))
	const textLen = 36 // other forms are names
	if given, err := uuid.Parse(commandID); err == nil && len(commandID) == textLen && given.Version() == 7 {
		copy(id[:6], given[:6])
		id[6] = 8<<4 | id[6]&0x0f
	}
	return id
}

// queueReadCommands adds the statement that finds which commands were recorded; events are the ids of those that would record them.
func queueReadCommands(b *pgx.Batch, tenant domain.Tenant, ids []string, events pgtype.FlatArray[uuid.UUID], found map[string]recorded) {
	b.Queue(readCommands, tenant, ids, events).Query(func(rows pgx.Rows) error {
		var id string
		var c recorded
		_, err := pgx.ForEachRow(rows, []any{&id, &c.fingerprint, &c.outcome, &c.key}, func() error {
			found[id] = c
			c = recorded{}
			return nil
		})
		return err
	})
}
