package writer

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain/failpoint"
)

//go:embed append_locked.sql
var appendLocked string

//go:embed append_optimistic.sql
var appendOptimistic string

// For commands without events, under the lock. The head stays.
const recordCommands = `
insert into commands (tenant_id, command_id, sequence_ids, fingerprint, outcome)
select $1, c.command_id, c.sequence_ids::bigint[], c.fingerprint, c.outcome::jsonb
  from unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) as c (command_id, sequence_ids, fingerprint, outcome)`

// send sends a decision and commits it, in one round trip, and tells whether the head moved; if not, nothing is written. Without
// a begin, the statement is a transaction of its own.
func send(ctx context.Context, conn *pgxpool.Conn, d *decision) (moved bool, err error) {
	b := &pgx.Batch{}
	moved = true
	if len(d.events) > 0 {
		sql, arguments := d.statement()
		b.Queue(sql, arguments...).Exec(func(tag pgconn.CommandTag) error {
			moved = tag.RowsAffected() == 1
			return nil
		})
	} else {
		b.Queue(recordCommands, append([]any{d.tenant}, d.commandColumns()...)...)
	}
	if !d.after.assumed {
		b.Queue("commit")
	}
	sent := conn.SendBatch(ctx, b)
	if d.after.assumed {
		failpoint.Reached(failpoint.AppendAssumedSent)
	} else {
		failpoint.Reached(failpoint.AppendSent)
	}
	if err := sent.Close(); err != nil {
		return false, fmt.Errorf("append: %w", err)
	}
	return moved, nil
}

// statement is the one that writes events, with its arguments in the order of their numbers.
func (d *decision) statement() (sql string, arguments []any) {
	head := &d.after.head
	arguments = []any{d.tenant, head.SequenceID, head.Hash[:], head.CreatedAt, d.before.SequenceID, d.before.Hash[:], d.after.epoch}
	arguments = append(arguments, d.eventColumns()...)
	arguments = append(arguments, d.commandColumns()...)
	if !d.after.assumed {
		return appendLocked, arguments
	}
	return appendOptimistic, append(arguments, clockTolerance, pgtype.FlatArray[uuid.UUID](d.after.assumedStreams),
		d.after.assumedVersions, d.after.assumedCategories)
}

// eventColumns turns the events into the arrays that unnest takes.
func (d *decision) eventColumns() []any {
	return []any{
		column(d.events, func(e *saltedEvent) int64 { return e.SequenceID }),
		column(d.events, func(e *saltedEvent) uuid.UUID { return e.ID }),
		column(d.events, func(e *saltedEvent) uuid.UUID { return e.StreamID }),
		column(d.events, func(e *saltedEvent) int32 { return int32(e.Version) }),
		column(d.events, func(e *saltedEvent) string { return e.Category }),
		column(d.events, func(e *saltedEvent) string { return e.Type }),
		column(d.events, func(e *saltedEvent) int16 { return int16(e.SchemaVersion) }),
		column(d.events, func(e *saltedEvent) string { return e.AgentID }),
		column(d.events, func(e *saltedEvent) string { return e.UserID }),
		column(d.events, func(e *saltedEvent) []byte { return e.Payload }),
		column(d.events, func(e *saltedEvent) []byte { return e.Metadata }),
		column(d.events, func(e *saltedEvent) time.Time { return e.OccurredAt }),
		column(d.events, func(e *saltedEvent) []byte { return e.Hash[:] }),
		column(d.events, func(e *saltedEvent) []byte { return e.salt[:] }),
		column(d.events, func(e *saltedEvent) []byte { return e.Contents }),
	}
}

func (d *decision) commandColumns() []any {
	return []any{
		column(d.commands, func(c *commandRow) string { return c.id }),
		column(d.commands, func(c *commandRow) string { return arrayText(c.sequenceIDs) }),
		column(d.commands, func(c *commandRow) []byte { return c.fingerprint }),
		column(d.commands, func(c *commandRow) []byte { return c.outcome }),
	}
}

// column is one column of rows, in a form that is encoded without reflection.
func column[R, T any](rows []R, of func(*R) T) pgtype.FlatArray[T] {
	values := make(pgtype.FlatArray[T], len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
	}
	return values
}

// arrayText is an array as PostgreSQL writes one. Arrays within the array of a column would have to be of one length.
func arrayText(ids []int64) string {
	text := []byte{'{'}
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(append(text, '}'))
}
