package eventstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

// LogChannel is the PostgreSQL channel that each append notifies, with the payload "<tenant> <sequence_id>".
const LogChannel = "auren_log"

const lockHead = `
select sequence_id, hash, created_at, clock_timestamp()
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

const readCommands = `
select command_id, fingerprint, outcome
  from commands
 where tenant_id = $1 and command_id = any($2)`

const insertEvents = `
insert into events (tenant_id, sequence_id, event_id, stream_id, version, event_type, schema_version,
                    agent_id, user_id, payload, metadata, occurred_at, created_at, hash)
select $1, e.sequence_id, e.event_id, e.stream_id, e.version, e.event_type, e.schema_version,
       e.agent_id, e.user_id, e.payload::jsonb, e.metadata::jsonb, e.occurred_at, $2, e.hash
  from unnest($3::bigint[], $4::uuid[], $5::uuid[], $6::int[], $7::text[], $8::smallint[],
              $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::bytea[])
    as e (sequence_id, event_id, stream_id, version, event_type, schema_version,
          agent_id, user_id, payload, metadata, occurred_at, hash)`

const insertCommands = `
insert into commands (tenant_id, command_id, fingerprint, outcome, created_at)
select $1, c.command_id, c.fingerprint, c.outcome::jsonb, $2
  from unnest($3::text[], $4::bytea[], $5::text[]) as c (command_id, fingerprint, outcome)`

const moveHead = `
update logs
   set sequence_id = $2, hash = $3, created_at = $4
 where tenant_id = $1`

const notify = `select pg_notify($1, $2)`

// commitOnce appends a batch in one transaction of two round trips and fills in the requests' results. After an
// error nothing of the batch is written, unless it is ErrOutcomeUnknown.
func (s *Store) commitOnce(ctx context.Context, tenant domain.Tenant, batch []*request) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()

	f, err := lockAndRead(ctx, conn, tenant, batch)
	if err != nil {
		return errors.Join(err, rollback(ctx, conn))
	}
	d := newDecision(tenant, f)
	for _, r := range batch {
		d.decide(r)
	}
	if d.nothing() {
		return rollback(ctx, conn)
	}
	err = writeAndCommit(ctx, conn, d)
	switch {
	case err == nil:
		return nil
	case isUnavailable(err):
		return s.resolve(d, err)
	default:
		return errors.Join(err, rollback(ctx, conn))
	}
}

// rollback ends a transaction that will not be committed. Where that fails, the connection is closed, which ends
// it too, so the pool never hands out a connection in the middle of one.
func rollback(ctx context.Context, conn *pgxpool.Conn) error {
	if conn.Conn().IsClosed() {
		return nil
	}
	if _, err := conn.Exec(ctx, "rollback"); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Conn().Close(closing)
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// lockAndRead begins a transaction, locks the head of the log, and reads under the lock what decides the batch.
// The statements travel together; each sees what was committed before it ran, so those after the lock see all.
func lockAndRead(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, batch []*request) (found, error) {
	f := found{streams: map[uuid.UUID]streamHead{}, commands: map[string]recorded{}}
	streams, commands := keysOf(batch)
	locked := false

	b := &pgx.Batch{}
	b.Queue("begin")
	// To plan these statements anew each time takes longer than to run them.
	b.Queue("set local plan_cache_mode = force_generic_plan")
	b.Queue(lockHead, tenant).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var hash []byte
			if err := rows.Scan(&f.head.SequenceID, &hash, &f.head.CreatedAt, &f.now); err != nil {
				return err
			}
			copy(f.head.Hash[:], hash)
			locked = true
		}
		return rows.Err()
	})
	b.Queue(readStreamHeads, tenant, streams).Query(func(rows pgx.Rows) error {
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
	if len(commands) > 0 {
		b.Queue(readCommands, tenant, commands).Query(func(rows pgx.Rows) error {
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
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return found{}, fmt.Errorf("lock the log: %w", err)
	}
	if locked {
		return f, nil
	}
	if err := openLog(ctx, conn, tenant); err != nil {
		return found{}, err
	}
	return lockAndRead(ctx, conn, tenant, batch)
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

func keysOf(batch []*request) (streams []uuid.UUID, commands []string) {
	streams = []uuid.UUID{}
	for _, r := range batch {
		for _, w := range r.command.Writes {
			streams = append(streams, w.StreamID)
		}
		if r.command.ID != "" {
			commands = append(commands, r.command.ID)
		}
	}
	return streams, commands
}

func scanRecorded(row pgx.CollectableRow) (id string, c recorded, err error) {
	var fingerprint, outcome []byte
	if err := row.Scan(&id, &fingerprint, &outcome); err != nil {
		return "", recorded{}, err
	}
	copy(c.fingerprint[:], fingerprint)
	if err := json.Unmarshal(outcome, &c.outcome); err != nil {
		return "", recorded{}, fmt.Errorf("outcome of command %q: %w", id, err)
	}
	return id, c, nil
}

// writeAndCommit writes what was decided and commits, in one round trip.
func writeAndCommit(ctx context.Context, conn *pgxpool.Conn, d *decision) error {
	b := &pgx.Batch{}
	if n := len(d.events); n > 0 {
		last := &d.events[n-1]
		b.Queue(insertEvents, eventArguments(d)...)
		b.Queue(moveHead, d.tenant, last.SequenceID, last.Hash[:], last.CreatedAt)
		b.Queue(notify, LogChannel, fmt.Sprintf("%s %d", d.tenant, last.SequenceID))
	}
	if len(d.commands) > 0 {
		b.Queue(insertCommands, commandArguments(d)...)
	}
	b.Queue("commit")
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return nil
}

func eventArguments(d *decision) []any {
	n := len(d.events)
	sequenceIDs, versions, schemaVersions := make([]int64, n), make([]int32, n), make([]int16, n)
	ids, streams := make([]uuid.UUID, n), make([]uuid.UUID, n)
	types, agents, users := make([]string, n), make([]string, n), make([]string, n)
	payloads, metadata := make([]string, n), make([]string, n)
	occurredAt, hashes := make([]time.Time, n), make([][]byte, n)
	for i := range d.events {
		e := &d.events[i]
		sequenceIDs[i], versions[i], schemaVersions[i] = e.SequenceID, int32(e.Version), int16(e.SchemaVersion)
		ids[i], streams[i] = e.ID, e.StreamID
		types[i], agents[i], users[i] = e.Type, e.AgentID, e.UserID
		payloads[i], metadata[i] = string(e.Payload), string(e.Metadata)
		occurredAt[i], hashes[i] = e.OccurredAt, e.Hash[:]
	}
	return []any{d.tenant, d.found.now, sequenceIDs, ids, streams, versions, types, schemaVersions,
		agents, users, payloads, metadata, occurredAt, hashes}
}

func commandArguments(d *decision) []any {
	n := len(d.commands)
	ids, fingerprints, outcomes := make([]string, n), make([][]byte, n), make([]string, n)
	for i := range d.commands {
		c := &d.commands[i]
		ids[i], fingerprints[i], outcomes[i] = c.id, c.fingerprint[:], string(c.outcome)
	}
	return []any{d.tenant, d.found.now, ids, fingerprints, outcomes}
}
