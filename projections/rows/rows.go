// Package rows reads and writes the rows of a projection that keeps one row for each stream. Its tables have the key
// (tenant_id, id); all statements on a table are made from one list of its columns.
package rows

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
)

// copyThreshold is the number of rows from which a COPY, which costs one more round trip, is faster than an insert.
const copyThreshold = 50

// Column is a column of a table and its place in a row of type R.
type Column[R any] struct {
	name, sqlType string
	target        func(r *R) any     // for a scan
	value         func(r *R) any     // for a COPY
	array         func(all []*R) any // for unnest
}

// NewColumn makes a column of a PostgreSQL type.
func NewColumn[R, T any](name, sqlType string, field func(r *R) *T) Column[R] {
	return Column[R]{
		name: name, sqlType: sqlType,
		target: func(r *R) any { return field(r) },
		value:  func(r *R) any { return *field(r) },
		array: func(all []*R) any {
			values := make(pgtype.FlatArray[T], len(all))
			for i, r := range all {
				values[i] = *field(r)
			}
			return values
		},
	}
}

// NewJSONColumn makes a column of type json or jsonb. The canonical text goes to PostgreSQL as it is, not through encoding/json.
func NewJSONColumn[R any](name, sqlType string, field func(r *R) *canonjson.Value) Column[R] {
	c := NewColumn(name, sqlType, field)
	c.value = func(r *R) any { return []byte(field(r).Raw()) }
	c.array = func(all []*R) any {
		values := make(pgtype.FlatArray[[]byte], len(all))
		for i, r := range all {
			values[i] = field(r).Raw()
		}
		return values
	}
	return c
}

// list joins one text per column.
func list[R any](columns []Column[R], write func(i int, c Column[R]) string) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = write(i, c)
	}
	return strings.Join(all, ", ")
}

func name[R any](_ int, c Column[R]) string { return c.name }

// unnest returns the SQL that turns one array per column into rows; $1 is the tenant.
func unnest[R any](columns []Column[R]) string {
	arrays := list(columns, func(i int, c Column[R]) string { return fmt.Sprintf("$%d::%s[]", i+2, c.sqlType) })
	return fmt.Sprintf("unnest(%s) as r (%s)", arrays, list(columns, name[R]))
}

// Statement writes any number of rows.
type Statement[R any] struct {
	sql     string
	columns []Column[R]
}

// Queue adds the statement to a batch, unless there are no rows.
func (s Statement[R]) Queue(batch *pgx.Batch, tenant domain.Tenant, all []*R) {
	if len(all) == 0 {
		return
	}
	arguments := make([]any, 1, len(s.columns)+1)
	arguments[0] = tenant
	for _, c := range s.columns {
		arguments = append(arguments, c.array(all))
	}
	batch.Queue(s.sql, arguments...)
}

// Table is a table with a row for each stream.
type Table[R any] struct {
	name    string
	columns []Column[R]
	insert  Statement[R]
}

// NewTable makes a table from its name and its columns except tenant_id; the first column is id.
func NewTable[R any](table string, columns []Column[R]) Table[R] {
	names := list(columns, name[R])
	insert := fmt.Sprintf("insert into %s (tenant_id, %s) select $1, %s from %s", table, names, names, unnest(columns))
	return Table[R]{name: table, columns: columns, insert: Statement[R]{insert, columns}}
}

// Upsert inserts rows, or sets some columns of existing ones.
func (t Table[R]) Upsert(set []Column[R]) Statement[R] {
	sets := list(set, func(_ int, c Column[R]) string { return c.name + " = excluded." + c.name })
	return Statement[R]{t.insert.sql + " on conflict (tenant_id, id) do update set " + sets, t.columns}
}

// Update sets some columns of existing rows.
func (t Table[R]) Update(set []Column[R]) Statement[R] {
	sets := list(set, func(_ int, c Column[R]) string { return c.name + " = r." + c.name })
	columns := append([]Column[R]{t.columns[0]}, set...)
	return Statement[R]{fmt.Sprintf("update %s as t set %s from %s where t.tenant_id = $1 and t.id = r.id", t.name, sets, unnest(columns)), columns}
}

// Insert inserts new rows: many at once by COPY, few with the batch.
func (t Table[R]) Insert(ctx context.Context, tx pgx.Tx, batch *pgx.Batch, tenant domain.Tenant, all []*R) error {
	if len(all) < copyThreshold {
		t.insert.Queue(batch, tenant, all)
		return nil
	}
	names := []string{"tenant_id"}
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, names, pgx.CopyFromSlice(len(all), func(i int) ([]any, error) {
		values := make([]any, 1, len(names))
		values[0] = string(tenant)
		for _, c := range t.columns {
			values = append(values, c.value(all[i]))
		}
		return values, nil
	}))
	if err != nil {
		return fmt.Errorf("copy %s: %w", t.name, err)
	}
	return nil
}

// Loader reads rows.
type Loader[R any] struct {
	sql     string
	columns []Column[R]
}

// Load makes a loader of some columns; the first one is id.
func (t Table[R]) Load(columns []Column[R]) Loader[R] {
	return Loader[R]{fmt.Sprintf("select %s from %s where tenant_id = $1 and id = any($2)", list(columns, name[R]), t.name), columns}
}

// Rows reads the rows of the streams that existed before the events.
func (l Loader[R]) Rows(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, events []eventstore.Event) (map[uuid.UUID]*R, error) {
	all := make(map[uuid.UUID]*R, len(events))
	ids := existing(events)
	if len(ids) == 0 {
		return all, nil
	}
	found, _ := tx.Query(ctx, l.sql, tenant, pgtype.FlatArray[uuid.UUID](ids)) // CollectRows returns its error
	targets := make([]any, len(l.columns))
	_, err := pgx.CollectRows(found, func(from pgx.CollectableRow) (struct{}, error) {
		r := new(R)
		for i, c := range l.columns {
			targets[i] = c.target(r)
		}
		err := from.Scan(targets...)
		all[*(targets[0].(*uuid.UUID))] = r
		return struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return all, nil
}

// existing returns the streams of the events except those that the events open.
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
