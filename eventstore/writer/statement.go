package writer

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain/failpoint"
)

//go:embed append.sql
var appendTemplate string

// form selects the parts of append.sql that a decision needs.
type form struct {
	// One event rather than arrays: opening the arrays took a quarter of what appending one event does.
	One bool
	// Records says that commands get rows.
	Records bool
	// Optimistic adds the condition on the clock, Continues that on the streams that the batch continues, New that on the ids of
	// its commands. A condition that a batch does not need took a tenth of what one event from one client takes.
	Optimistic, Continues, New bool
	// Imports says that streams are made from imported records.
	Imports bool
}

// Argument returns the number of the n-th argument after those of the other parts.
func (f form) Argument(n int) int {
	n += 23
	if f.Records {
		n += 4
	}
	if f.Optimistic {
		n++
	}
	if f.Continues {
		n += 3
	}
	if f.New {
		n++
	}
	return n
}

// statements holds the text of append.sql in each form that is used.
type statements map[form]string

func newStatements() statements {
	t := template.Must(template.New("append.sql").Parse(appendTemplate))
	all := statements{}
	for variant := range 4 {
		for _, f := range []form{
			{}, {Records: true}, {Optimistic: true}, {Optimistic: true, Continues: true}, {Optimistic: true, New: true},
			{Optimistic: true, Continues: true, New: true},
		} {
			f.One, f.Imports = variant&1 != 0, variant&2 != 0
			var text strings.Builder
			if err := t.Execute(&text, f); err != nil {
				panic("writer: append.sql: " + err.Error())
			}
			all[f] = text.String()
		}
	}
	return all
}

// Records commands without events, under the lock. The head stays, so the epoch moves, for those that assume that no command of
// theirs has a row.
const recordCommands = `
with moved as (
       update logs
          set epoch = epoch + 1
        where tenant_id = $1)
insert into commands (tenant_id, command_id, sequence_ids, fingerprint, outcome)
select $1, c.command_id, c.sequence_ids::bigint[], c.fingerprint, c.outcome::jsonb
  from unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) as c (command_id, sequence_ids, fingerprint, outcome)`

// send sends a decision and commits it, in one round trip, and tells whether the head moved; if not, nothing is written. Without
// a begin, the statement is a transaction of its own.
func (s statements) send(ctx context.Context, conn *pgxpool.Conn, d *decision) (moved bool, err error) {
	b := &pgx.Batch{}
	moved = true
	if len(d.events) > 0 {
		f, arguments := d.statement()
		b.Queue(s[f], arguments...).Exec(func(tag pgconn.CommandTag) error {
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

// statement returns the form of the statement that writes the events, and its arguments in the order of their numbers.
func (d *decision) statement() (f form, arguments []any) {
	head := &d.after.head
	arguments = make([]any, 0, 30)
	arguments = append(arguments, d.tenant, head.SequenceID, head.Hash[:], head.CreatedAt, d.before.SequenceID, d.before.Hash[:], d.after.epoch)
	if f.One = len(d.events) == 1; f.One {
		e := &d.events[0]
		arguments = append(arguments, e.SequenceID, e.ID, e.StreamID, int32(e.Version), e.Category, e.Type, int16(e.SchemaVersion), e.AgentID, e.UserID,
			[]byte(e.Payload), []byte(e.Metadata), e.OccurredAt, e.Hash[:], e.salt[:], []byte(e.Contents), e.fingerprint)
	} else {
		arguments = append(arguments, d.eventColumns()...)
	}
	f.Optimistic = d.after.assumed
	f.Records = len(d.commands) > 0
	switch {
	case f.Optimistic:
		arguments = append(arguments, clockTolerance)
		if f.Continues = len(d.after.assumedStreams) > 0; f.Continues {
			arguments = append(arguments, pgtype.FlatArray[uuid.UUID](d.after.assumedStreams), d.after.assumedVersions, d.after.assumedCategories)
		}
		if f.New = len(d.after.assumedNew) > 0; f.New {
			arguments = append(arguments, pgtype.FlatArray[string](d.after.assumedNew))
		}
	case f.Records:
		arguments = append(arguments, d.commandColumns()...)
	}
	if f.Imports = len(d.imports) > 0; f.Imports {
		arguments = append(arguments, column(d.imports, func(i *importRow) []byte { return i.record[:] }),
			column(d.imports, func(i *importRow) uuid.UUID { return i.stream }))
	}
	return f, arguments
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
		column(d.events, func(e *saltedEvent) []byte { return e.fingerprint }),
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

// arrayText is an array as PostgreSQL writes one, {1,2}, for Go's [1 2]. Arrays within the array of a column would have to be of one
// length.
func arrayText(ids []int64) string {
	return strings.NewReplacer("[", "{", " ", ",", "]", "}").Replace(fmt.Sprint(ids))
}
