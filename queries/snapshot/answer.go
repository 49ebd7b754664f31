package snapshot

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Answer runs a statement, whose $1 is the tenant, and returns the position that the rows reflect. If that is behind the
// position of a current snapshot, it waits and runs the statement once more.
func (s *Source) Answer(ctx context.Context, snap Snapshot, sql string, args []any, read func(pgx.Rows) error) (int64, error) {
	sql = withPosition(sql)
	position, err := s.answer(ctx, sql, args, read)
	switch {
	case err != nil:
		return 0, err
	case snap.Past:
		return snap.Position, nil
	case position >= snap.Position:
		return position, nil
	}
	if err := s.Await(ctx, snap.Tenant, AgentMemories, snap.Position); err != nil {
		return 0, err
	}
	if position, err = s.answer(ctx, sql, args, read); err == nil && position < snap.Position {
		return 0, errBehind(AgentMemories, position, snap.Position)
	}
	return position, err
}

func (s *Source) answer(ctx context.Context, sql string, args []any, read func(pgx.Rows) error) (position int64, err error) {
	err = s.Connected(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, _ := conn.Query(ctx, sql, args...) // rows.Err returns its error
		defer rows.Close()
		err := read(&answerRows{Rows: rows, position: &position})
		rows.Close()
		return cmp.Or(err, rows.Err())
	})
	return position, err
}

// withPosition puts two columns before those of a statement: the position of agent_memories, and true. If the statement
// returns no row, one row has the position alone. For "select id, content ...":
//
//	 position | ?column? | id     | content
//	----------+----------+--------+---------
//	       42 | t        | 0192…  | "tea"
//	       42 | t        | 0193…  | "milk"
//	       42 | (null)   | (null) | (null)     ← if there is no row
//
// A statement sees a single state of the database, so reading the two together takes no transaction.
func withPosition(sql string) string {
	return `
select position.sequence_id, answer.*
  from (select coalesce((select sequence_id
                           from projection_checkpoints
                          where tenant_id = $1 and projection = '` + AgentMemories + `'), 0)) as position (sequence_id)
  left join lateral (select true, found.* from (` + sql + `) as found) as answer on true`
}

// answerRows are the rows of the statement within withPosition; the position is read with each.
type answerRows struct {
	pgx.Rows
	position *int64
	into     []any
}

func (a *answerRows) Next() bool {
	for a.Rows.Next() {
		columns := a.RawValues()
		if columns[1] != nil {
			return true
		}
		positionOnly := make([]any, len(columns))
		positionOnly[0] = a.position
		if a.Rows.Scan(positionOnly...) != nil {
			return false
		}
	}
	return false
}

func (a *answerRows) Scan(into ...any) error {
	a.into = append(append(a.into[:0], a.position, nil), into...)
	return a.Rows.Scan(a.into...)
}

// CollectInto reads all rows of an answer.
func CollectInto[T any](into *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, scan)
		return err
	}
}
