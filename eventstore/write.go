package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain/failpoint"
)

// LogChannel is the PostgreSQL channel that each append notifies, with the payload "<tenant> <sequence_id>".
const LogChannel = "auren_log"

// Moves the head, which also locks it, and inserts the events. It does neither where the head is not the expected one
// ($5, $6), the epoch has moved ($8) or created_at ($4) is not one of the last moments ($7) of the database's
// clock.
const moveHead = `
  with moved as (
       update logs
          set sequence_id = $2, hash = $3, created_at = $4, epoch = $9
        where tenant_id = $1
          and sequence_id = $5
          and hash = $6
          and epoch = $8
          and ($7::interval is null or clock_timestamp() between $4::timestamptz and $4::timestamptz + $7::interval)`

// Nor where a command that is recorded by its event ($24) has a row. Where the lock is not held yet PostgreSQL looks before it
// waits for it; that the epoch is then as expected says that it saw all of them.
const ifNew = `
          and not exists (
              select
                from unnest($24::text[]) as told (id)
               cross join lateral (
                     select c.command_id
                       from commands as c
                      where c.tenant_id = $1 and c.command_id >= told.id
                      order by c.command_id
                      limit 1) as c
               where c.command_id = told.id)`

// Nor where a stream ($22) is not at its version ($23); that it is no further is for the unique constraint to tell.
// The first version from there on is that one, for streams have no gaps: asked for in this way it is looked up in its
// index, however small the table was when this was planned.
const ifForeseen = `
          and not exists (
              select
                from unnest($22::uuid[], $23::int[]) as s (id, version)
                left join lateral (
                     select e.version
                       from events as e
                      where e.tenant_id = $1 and e.stream_id = s.id and e.version >= s.version
                      order by e.version
                      limit 1) as e on true
               where e.version is null)`

// The notification is sent when the transaction commits.
const insertEvents = `
       returning tenant_id, pg_notify('` + LogChannel + `', tenant_id || ' ' || sequence_id))
insert into events (tenant_id, sequence_id, event_id, stream_id, version, event_type, schema_version,
                    agent_id, user_id, payload, metadata, occurred_at, created_at, hash)
select moved.tenant_id, e.sequence_id, e.event_id, e.stream_id, e.version, e.event_type, e.schema_version,
       e.agent_id, e.user_id, e.payload, e.metadata, e.occurred_at, $4, e.hash
  from moved
 cross join `

const manyEvents = `unnest(
       $10::json[], $11::bigint[], $12::uuid[], $13::uuid[], $14::int[], $15::text[], $16::smallint[],
       $17::text[], $18::text[], $19::timestamptz[], $20::bytea[], $21::json[])` + eventNames

// To open arrays costs a quarter of what appending one event does.
const oneEvent = `(values (
       $10::json, $11::bigint, $12::uuid, $13::uuid, $14::int, $15::text, $16::smallint,
       $17::text, $18::text, $19::timestamptz, $20::bytea, $21::json))` + eventNames

// The metadata are the first, as a firstArray. The payload is the last, so that what else is sent is in the buffer of the
// connection before that has to be large.
const eventNames = `
    as e (metadata, sequence_id, event_id, stream_id, version, event_type, schema_version,
          agent_id, user_id, occurred_at, hash, payload)`

// Only where the head is where the decision left it, so that they stand or fall with the events.
const insertCommands = `
insert into commands (tenant_id, command_id, fingerprint, outcome, sequence_id, created_at)
select l.tenant_id, c.command_id, c.fingerprint, c.outcome::jsonb, l.sequence_id, $2
  from logs as l
 cross join unnest($3::text[], $4::bytea[], $5::text[]) as c (command_id, fingerprint, outcome)
 where l.tenant_id = $1 and l.sequence_id = $6 and l.hash = $7`

// Where there are no events to move the head.
const moveEpoch = `update logs set epoch = $2 where tenant_id = $1`

// write writes what was decided and commits, in one round trip, and tells whether everything was as foreseen; where it was
// not, nothing is written. Without a begin, the statements of a round trip are a transaction of their own, which an error
// undoes.
func write(ctx context.Context, conn *pgxpool.Conn, d *decision) (bool, error) {
	b := &pgx.Batch{}
	inserted := d.queue(b)
	if d.found.locked {
		b.Queue("commit")
	}
	sent := conn.SendBatch(ctx, b)
	if d.found.locked {
		failpoint.Reached(failpoint.AppendSent)
	} else {
		failpoint.Reached(failpoint.AppendForeseenSent)
	}
	if err := sent.Close(); err != nil {
		return false, fmt.Errorf("append: %w", err)
	}
	return *inserted == len(d.events), nil
}

// queue adds the statements that write the decision; inserted tells, once they have run, how many events it inserted.
func (d *decision) queue(b *pgx.Batch) (inserted *int) {
	inserted = new(int)
	if len(d.events) > 0 {
		sql, arguments := d.insertion()
		b.Queue(sql, arguments...).Exec(func(tag pgconn.CommandTag) error {
			*inserted = int(tag.RowsAffected())
			return nil
		})
	} else {
		b.Queue(moveEpoch, d.tenant, d.found.epoch)
	}
	if len(d.commands) > 0 {
		b.Queue(insertCommands, d.commandArguments()...)
	}
	return inserted
}

// insertion is the statement that writes the events.
func (d *decision) insertion() (sql string, arguments []any) {
	var tolerance *time.Duration
	if !d.found.locked {
		tolerance = new(clockTolerance)
	}
	head := &d.found.head
	arguments = []any{
		d.tenant, head.SequenceID, head.Hash[:], head.CreatedAt, d.before.SequenceID, d.before.Hash[:], tolerance,
		d.epochBefore, d.found.epoch,
	}
	sql = insertEvents
	if len(d.events) == 1 {
		e := &d.events[0]
		sql += oneEvent
		arguments = append(arguments, e.Metadata, e.SequenceID, e.ID, e.StreamID, e.Version, e.Type, e.SchemaVersion,
			e.AgentID, e.UserID, e.OccurredAt, e.Hash[:], e.Payload)
	} else {
		sql += manyEvents
		arguments = append(arguments, d.eventColumns()...)
	}
	told := d.told
	if d.epochBefore == 0 {
		told = nil // no command has a row
	}
	if !d.found.foreseen || len(d.found.foreseenStreams)+len(told) == 0 {
		return moveHead + sql, arguments
	}
	return moveHead + ifForeseen + ifNew + sql,
		append(arguments, pgtype.FlatArray[uuid.UUID](d.found.foreseenStreams), d.found.foreseenVersions, told)
}

// eventColumns turns the events into the arrays that unnest takes.
func (d *decision) eventColumns() []any {
	return []any{
		firstArray{column(d.events, func(e *Event) []byte { return e.Metadata }), d.room()},
		column(d.events, func(e *Event) int64 { return e.SequenceID }),
		column(d.events, func(e *Event) uuid.UUID { return e.ID }),
		column(d.events, func(e *Event) uuid.UUID { return e.StreamID }),
		column(d.events, func(e *Event) int32 { return int32(e.Version) }),
		column(d.events, func(e *Event) string { return e.Type }),
		column(d.events, func(e *Event) int16 { return int16(e.SchemaVersion) }),
		column(d.events, func(e *Event) string { return e.AgentID }),
		column(d.events, func(e *Event) string { return e.UserID }),
		column(d.events, func(e *Event) time.Time { return e.OccurredAt }),
		column(d.events, func(e *Event) []byte { return e.Hash[:] }),
		column(d.events, func(e *Event) []byte { return e.Payload }),
	}
}

// room is about how many bytes the arrays of the statement that writes the events take, those of what is foreseen included.
func (d *decision) room() int {
	const arrays, header = 15, 20
	const fixed = 12*4 + 8 + 16 + 16 + 4 + 2 + 8 + 32 // the lengths of 12 columns, and those columns that have one size
	const stream, length = 4 + 16 + 4 + 4, 4
	room := arrays*header + len(d.found.foreseenStreams)*stream
	for i := range d.events {
		e := &d.events[i]
		room += fixed + e.Size() + len(e.Type) + len(e.AgentID) + len(e.UserID)
	}
	for _, id := range d.told {
		room += length + len(id)
	}
	return room
}

// column is one column of rows, in a form that is encoded without reflection.
func column[R, T any](rows []R, of func(*R) T) pgtype.FlatArray[T] {
	values := make(pgtype.FlatArray[T], len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
	}
	return values
}

func (d *decision) commandArguments() []any {
	ids, fingerprints, outcomes := d.commandColumns()
	return []any{d.tenant, d.found.now, ids, fingerprints, outcomes, d.found.head.SequenceID, d.found.head.Hash[:]}
}

func (d *decision) commandColumns() (ids pgtype.FlatArray[string], fingerprints, outcomes pgtype.FlatArray[[]byte]) {
	return column(d.commands, func(c *commandRow) string { return c.id }),
		column(d.commands, func(c *commandRow) []byte { return c.fingerprint[:] }),
		column(d.commands, func(c *commandRow) []byte { return c.outcome })
}
