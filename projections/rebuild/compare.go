package rebuild

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/projections/generation"
)

// TableComparison is the result of comparing a live table with its rebuilt copy.
type TableComparison struct {
	Table string `json:"table"`
	// Rows counts the compared keys: those in either table.
	Rows int64 `json:"rows"`
	// Missing counts the rows that the live table lacks, Extra those that it should not have, Altered those with the
	// wrong content.
	Missing int64 `json:"missing"`
	Extra   int64 `json:"extra"`
	Altered int64 `json:"altered"`
	// Differences are the first of these, by key.
	Differences []Difference `json:"differences"`
}

// Equal reports whether no row differs.
func (t TableComparison) Equal() bool { return t.Missing+t.Extra+t.Altered == 0 }

// Difference is a row that differs. It contains no content.
type Difference struct {
	// Key holds the columns of the primary key.
	Key json.RawMessage `json:"key"`
	// Kind is missing, extra or altered, as in TableComparison.
	Kind string `json:"kind"`
	// Columns are those that differ in an altered row.
	Columns []string `json:"columns,omitempty"`
}

// differencesNamed bounds how many differences of a table are listed; the others are only counted.
const differencesNamed = 10

// The columns of a table, and whether they are of its primary key.
const readColumns = `
select a.attname::text, coalesce(a.attnum = any(i.indkey), false)
  from pg_attribute as a
  left join pg_index as i on i.indrelid = a.attrelid and i.indisprimary
 where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
 order by a.attnum`

// Hashes the text of each row, which has all of its columns, and compares the hashes in the server, in temporary files if
// they are many; only the result is sent.
// (%[1]s: the live table, %[2]s: the copy, %[3]s: the columns of the key, %[4]s: the key as pairs of name and value,
// %[5]s: the columns that differ in a row that both have; $1: how many differences to name)
const compareTable = `
  with differing as (
       select %[3]s, live.hash is null as missing, made.hash is null as extra
         from (select %[3]s, md5(r::text) as hash from %[1]s as r) as live
         full join (select %[3]s, md5(r::text) as hash from %[2]s as r) as made
        using (%[3]s)
        where live.hash is distinct from made.hash
       ),
       named as (select * from differing order by %[3]s limit $1),
       described as (
       select %[3]s, jsonb_build_object(
              'key', jsonb_build_object(%[4]s),
              'kind', case when missing then 'missing' when extra then 'extra' else 'altered' end,
              'columns', case when missing or extra then '{}'::text[] else array_remove(array[%[5]s], null) end) as difference
         from named
         left join %[1]s as live using (%[3]s)
         left join %[2]s as made using (%[3]s)
       )
select (select count(*) from %[1]s) + (select count(*) from differing where missing),
       (select count(*) from differing where missing),
       (select count(*) from differing where extra),
       (select count(*) from differing where not missing and not extra),
       (select coalesce(jsonb_agg(difference order by %[3]s), '[]') from described)`

// compare compares a table of the live generation with that of another one, in one snapshot.
func compare(ctx context.Context, tx pgx.Tx, live, other generation.Generation, table string) (TableComparison, error) {
	t := TableComparison{Table: table}
	rows, _ := tx.Query(ctx, readColumns, live.Table(table)) // CollectRows returns its error
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil {
		return t, err
	}
	var key, pairs, altered []string
	for _, c := range columns {
		name, literal := pgx.Identifier{c.Name}.Sanitize(), "'"+strings.ReplaceAll(c.Name, "'", "''")+"'"
		if c.InKey {
			key, pairs = append(key, name), append(pairs, literal+", "+name)
			continue
		}
		altered = append(altered, fmt.Sprintf("case when live.%[1]s::text is distinct from made.%[1]s::text then %[2]s end", name, literal))
	}
	statement := fmt.Sprintf(compareTable, live.Table(table), other.Table(table),
		strings.Join(key, ", "), strings.Join(pairs, ", "), strings.Join(altered, ", "))
	err = tx.QueryRow(ctx, statement, differencesNamed).Scan(&t.Rows, &t.Missing, &t.Extra, &t.Altered, &t.Differences)
	return t, err
}

type column struct {
	Name  string
	InKey bool
}
