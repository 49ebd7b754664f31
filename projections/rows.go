package projections

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// CopyThreshold is how many rows it takes for a COPY, which costs an exchange more, to be faster than an insert.
const CopyThreshold = 50

// CopyRows copies rows, of which values tells the columns, into a table.
func CopyRows[R any](ctx context.Context, tx pgx.Tx, table string, columns []string, rows []R, values func(R) []any) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns,
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return values(rows[i]), nil }))
	if err != nil {
		return fmt.Errorf("copy %s: %w", table, err)
	}
	return nil
}

// LoadRows reads, for a projection that keeps a row a stream, the rows of the streams that were there before the
// events, in one statement: sql takes the tenant and an array of ids, and scan returns a row and its id.
func LoadRows[R any](ctx context.Context, tx pgx.Tx, tenant domain.Tenant, events []eventstore.Event,
	sql string, scan func(pgx.CollectableRow) (uuid.UUID, *R, error),
) (map[uuid.UUID]*R, error) {
	rows := make(map[uuid.UUID]*R, len(events))
	ids := existing(events)
	if len(ids) == 0 {
		return rows, nil
	}
	found, err := tx.Query(ctx, sql, tenant, pgtype.FlatArray[uuid.UUID](ids))
	if err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	_, err = pgx.CollectRows(found, func(from pgx.CollectableRow) (struct{}, error) {
		id, row, err := scan(from)
		rows[id] = row
		return struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return rows, nil
}

// existing lists the streams of the events without those that the events themselves open.
func existing(events []eventstore.Event) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(events))
	var ids []uuid.UUID
	for i := range events {
		if id := events[i].StreamID; !seen[id] {
			seen[id] = true
			if events[i].Version > 1 {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
