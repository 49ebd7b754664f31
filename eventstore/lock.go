package eventstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

const lockHead = `
select sequence_id, hash, created_at, epoch, clock_timestamp()
  from logs
 where tenant_id = $1
   for update`

const createLog = `
insert into logs (tenant_id, hash, created_at)
values ($1, $2, 'epoch')
on conflict do nothing`

const readStreamHeads = `
select s.id, e.version, e.sequence_id, e.event_id
  from unnest($2::uuid[]) as s (id)
 cross join lateral (
       select version, sequence_id, event_id
         from events
        where tenant_id = $1 and stream_id = s.id
        order by version desc
        limit 1) as e`

// The commands with a row of their own, and those that the event with their mark ($3) tells. The first from there on, so
// that each is looked up in its index however few there were when this was planned.
const readCommands = `
select c.command_id, c.fingerprint, c.outcome, null::uuid, null::int, null::bigint, null::uuid
  from unnest($2::text[]) as sought (id)
 cross join lateral (
       select command_id, fingerprint, outcome
         from commands
        where tenant_id = $1 and command_id = sought.id
        order by command_id
        limit 1) as c
 union all
select sought.id, decode(e.metadata ->> 'command_fingerprint', 'hex'), null, e.stream_id, e.version, e.sequence_id, e.event_id
  from unnest($2::text[], $3::uuid[]) as sought (id, mark)
 cross join lateral (
       select stream_id, version, sequence_id, event_id, metadata
         from events
        where tenant_id = $1 and event_id >= sought.mark
        order by event_id
        limit 1) as e
 where e.event_id = sought.mark and e.metadata ->> 'command_fingerprint' is not null`

// lock begins a transaction and locks the head of the log. Where the batch is not foreseen it also reads what decides it, in
// the same round trip: each statement sees what was committed before it ran, so those after the lock see all.
func lock(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, f found, batch []*request) (found, error) {
	b := &pgx.Batch{}
	b.Queue("begin")
	b.Queue(lockHead, tenant).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var hash []byte
			if err := rows.Scan(&f.head.SequenceID, &hash, &f.head.CreatedAt, &f.epoch, &f.now); err != nil {
				return err
			}
			copy(f.head.Hash[:], hash)
			f.locked = true
		}
		return rows.Err()
	})
	if !f.foreseen {
		f.queueRead(b, tenant, batch)
	}
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return found{}, fmt.Errorf("lock the log: %w", err)
	}
	if f.locked {
		return f, nil
	}
	if err := openLog(ctx, conn, tenant); err != nil {
		return found{}, err
	}
	return lock(ctx, conn, tenant, f, batch)
}

// read reads, under the lock, what decides the batch, in place of what was foreseen.
func read(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, f found, batch []*request) (found, error) {
	f.foreseen, f.foreseenStreams, f.foreseenVersions = false, nil, nil
	b := &pgx.Batch{}
	f.queueRead(b, tenant, batch)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return found{}, fmt.Errorf("read what is in the log: %w", err)
	}
	return f, nil
}

// queueRead adds the statements that read where the streams and the commands of the batch are.
func (f *found) queueRead(b *pgx.Batch, tenant domain.Tenant, batch []*request) {
	f.streams, f.commands = map[uuid.UUID]streamHead{}, map[string]recorded{}
	streams, commands, marks := keysOf(batch)
	b.Queue(readStreamHeads, tenant, pgtype.FlatArray[uuid.UUID](streams)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var id uuid.UUID
			var h streamHead
			if err := rows.Scan(&id, &h.version, &h.sequenceID, &h.eventID); err != nil {
				return err
			}
			f.streams[id] = h
		}
		return rows.Err()
	})
	if len(commands) == 0 {
		return
	}
	b.Queue(readCommands, tenant, commands, marks).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			id, c, err := scanRecorded(rows)
			if err != nil {
				return err
			}
			f.commands[id] = c
		}
		return rows.Err()
	})
}

// openLog creates the head of a tenant's log and leaves no transaction open.
func openLog(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant) error {
	if err := rollback(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, createLog, tenant, make([]byte, len(Hash{}))); err != nil {
		return fmt.Errorf("create the log: %w", err)
	}
	return nil
}

func keysOf(batch []*request) (streams []uuid.UUID, commands []string, marks pgtype.FlatArray[uuid.UUID]) {
	streams = []uuid.UUID{}
	for _, r := range batch {
		for _, w := range r.command.Writes {
			streams = append(streams, w.StreamID)
		}
		if r.command.ID != "" {
			commands, marks = append(commands, r.command.ID), append(marks, r.mark)
		}
	}
	return streams, commands, marks
}

func scanRecorded(row pgx.CollectableRow) (id string, c recorded, err error) {
	var outcome []byte
	var stream, event *uuid.UUID
	var version *int
	var sequenceID *int64
	if err := row.Scan(&id, &c.fingerprint, &outcome, &stream, &version, &sequenceID, &event); err != nil {
		return "", recorded{}, err
	}
	if outcome == nil {
		c.outcome.Writes = []WriteResult{{StreamID: *stream, Version: *version, SequenceID: *sequenceID, EventID: *event}}
		return id, c, nil
	}
	if err := json.Unmarshal(outcome, &c.outcome); err != nil {
		return "", recorded{}, fmt.Errorf("outcome of command %q: %w", id, err)
	}
	return id, c, nil
}
