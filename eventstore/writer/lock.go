package writer

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

const lockHead = `
select sequence_id, hash, created_at, epoch, secret, clock_timestamp()
  from logs
 where tenant_id = $1
   for update`

// A subquery with an order and a limit uses the index even if the statement was planned while the table was empty.
const readStreamHeads = `
select s.id, e.version, e.category, e.sequence_id, e.event_id,
       (select c.salt
          from event_contents as c
         where c.tenant_id = $1 and c.sequence_id = e.sequence_id
         order by c.sequence_id
         limit 1)
  from unnest($2::uuid[]) as s (id)
 cross join lateral (
       select version, category, sequence_id, event_id
         from events
        where tenant_id = $1 and stream_id = s.id
        order by version desc
        limit 1) as e`

const readRecords = `
select i.record
  from unnest($2::bytea[]) as s (record)
 cross join lateral (
       select record
         from imported
        where tenant_id = $1 and record = s.record
        order by record
        limit 1) as i`

// lock begins a transaction, locks the head of the log, and reads what decides the batch, in one round trip. Each statement sees
// what was committed before it ran, so those after the lock see everything.
func lock(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, batch []*request) (logState, error) {
	state := logState{streams: map[uuid.UUID]streamHead{}, commands: map[string]recorded{}, imported: map[eventstore.Hash]bool{}}
	b := &pgx.Batch{}
	b.Queue("begin")
	exists := false
	b.Queue(lockHead, tenant).Query(func(rows pgx.Rows) error {
		var hash []byte
		head := []any{&state.head.SequenceID, &hash, &state.head.CreatedAt, &state.epoch, &state.secret, &state.now}
		_, err := pgx.ForEachRow(rows, head, func() error {
			copy(state.head.Hash[:], hash)
			exists = true
			return nil
		})
		return err
	})
	state.queueRead(b, tenant, batch)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return logState{}, fmt.Errorf("lock the log: %w", err)
	}
	if exists {
		return state, nil
	}
	// The tenant's first append. Several processes may create the log at once; all of them find it then.
	if err := rollback(ctx, conn); err != nil {
		return logState{}, err
	}
	if err := eventstore.Create(ctx, conn, tenant); err != nil {
		return logState{}, err
	}
	return lock(ctx, conn, tenant, batch)
}

// queueRead adds the statements that read where the streams of the batch are, its commands that were recorded before, and the
// records of it that were imported.
func (s *logState) queueRead(b *pgx.Batch, tenant domain.Tenant, batch []*request) {
	var records pgtype.FlatArray[[]byte]
	streams, commands, events := pgtype.FlatArray[uuid.UUID]{}, []string(nil), pgtype.FlatArray[uuid.UUID](nil)
	for _, r := range batch {
		for _, w := range r.command.Writes {
			streams = append(streams, w.StreamID)
			if w.Record != (eventstore.Hash{}) {
				records = append(records, w.Record[:])
			}
		}
		if r.command.ID != "" {
			commands = append(commands, r.command.ID)
			events = append(events, commandEventID(r.command.Tenant, r.command.ID)) // that would record it
		}
	}
	b.Queue(readStreamHeads, tenant, streams).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		var h streamHead
		_, err := pgx.ForEachRow(rows, []any{&id, &h.version, &h.category, &h.sequenceID, &h.eventID, &h.salt}, func() error {
			s.streams[id] = h
			return nil
		})
		return err
	})
	if len(commands) > 0 {
		queueReadCommands(b, tenant, commands, events, s.commands)
	}
	if len(records) > 0 {
		b.Queue(readRecords, tenant, records).Query(func(rows pgx.Rows) error {
			var record []byte
			_, err := pgx.ForEachRow(rows, []any{&record}, func() error {
				s.imported[eventstore.Hash(record)] = true
				return nil
			})
			return err
		})
	}
}

// rollback ends a transaction that will not be committed. If that fails it closes the connection, which ends the transaction too,
// so the pool never hands out a connection in the middle of one.
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
