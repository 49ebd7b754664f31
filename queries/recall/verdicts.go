package recall

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/queries/filter"
)

// verdicts are what the filter says of the documents, by their memories. Those are not looked at before they matter, the best first: to
// look at all of a scope takes longer than to search it.
type verdicts struct {
	*run
	known           []verdict // by document; nil without a filter
	checked, passed int
}

// verdict is what the filter says of a document.
type verdict uint8

const (
	unchecked verdict = iota
	accepted
	rejected
)

func newVerdicts(r *run) verdicts {
	v := verdicts{run: r}
	if len(r.narrow.SQL(filter.Memories, r.index.State.Moment, &filter.Args{})) > 1 { // more than the state, which the index knows
		v.known = make([]verdict, r.index.Size)
	}
	return v
}

// filters tells whether there is a filter.
func (v *verdicts) filters() bool { return v.known != nil }

// accepts tells whether the filter lets a document through that was checked.
func (v *verdicts) accepts(document int) bool { return !v.filters() || v.known[document] == accepted }

// mayAccept tells whether the filter lets a document through as far as is known.
func (v *verdicts) mayAccept(document int) bool { return !v.filters() || v.known[document] != rejected }

// rate is the share of documents that are expected to pass.
func (v *verdicts) rate() float64 { return (float64(v.passed) + 0.5) / (float64(v.checked) + 1) }

// What it takes, in microseconds, to look at the memory of a document, to look at a memory when all of the scopes are looked at, by
// its columns or into JSON, and to find the document of a memory that passes.
const checkCost, scanCost, scanJSONCost, findCost = 9, 0.15, 0.7, 2.6

// check finds out what the filter says of documents: one by one, or of all that there are if that takes less time.
func (v *verdicts) check(ctx context.Context, documents []int) error {
	if !v.filters() {
		return nil
	}
	documents = slices.DeleteFunc(slices.Clone(documents), func(d int) bool { return v.known[d] != unchecked })
	if len(documents) == 0 {
		return nil
	}
	scan := scanCost
	if _, rest := v.narrow.Split(columnsWithoutJSON); len(rest.SQL(filter.Memories, v.index.State.Moment, &filter.Args{})) > 0 {
		scan = scanJSONCost
	}
	if checkCost*float64(len(documents)) > (scan+findCost*v.rate())*float64(v.index.Documents) {
		return v.checkAll(ctx)
	}
	return v.checkEach(ctx, documents)
}

func columnsWithoutJSON(f filter.Field) string {
	if f == filter.Metadata || f == filter.Content {
		return ""
	}
	return filter.Memories(f)
}

func (v *verdicts) checkEach(ctx context.Context, documents []int) error {
	var known, sought, docs []int32
	var memories []uuid.UUID
	var scopes []int64
	for _, d := range documents {
		v.known[d] = rejected
		if p := v.index.Place(d); p != nil {
			known, memories = append(known, int32(d)), append(memories, p.Memory) //nolint:gosec // a document's number
			continue
		}
		scope, number := v.index.Stored(d)
		sought, scopes, docs = append(sought, int32(d)), append(scopes, scope), append(docs, int32(number)) //nolint:gosec // as above
	}
	args := filter.Args{v.index.State.Tenant, pgtype.FlatArray[int32](known), pgtype.FlatArray[uuid.UUID](memories),
		pgtype.FlatArray[int32](sought), scopes, pgtype.FlatArray[int32](docs)}
	conditions := append(v.narrow.SQL(filter.Memories, v.index.State.Moment, &args), "id = sought.memory_id")
	sql := `
select sought.document
  from (select *
          from unnest($2::int[], $3::uuid[]) as k (document, memory_id)
         union all
        select u.document, d.memory_id
          from unnest($4::int[], $5::bigint[], $6::int[]) as u (document, scope, doc)
          join search_documents as d on d.tenant_id = $1 and d.scope = u.scope and d.doc = u.doc) as sought
 cross join lateral (` + v.index.State.Select(&args, conditions, "") + `) as m`
	v.checked += len(documents)
	var document int
	return v.read(ctx, sql, args, []any{&document}, func() { v.accept(document) })
}

func (v *verdicts) checkAll(ctx context.Context) error {
	for d := range v.known {
		v.known[d] = rejected
	}
	v.checked, v.passed = int(v.index.Documents), 0
	args := filter.Args{v.index.State.Tenant}
	conditions := v.narrow.SQL(filter.Memories, v.index.State.Moment, &args)
	conditions = append(conditions, v.owners.SQL(filter.Memories, v.index.State.Moment, &args)...)
	sql := `
select d.scope, d.doc
  from (` + v.index.State.Select(&args, conditions, "") + `) as m
  join search_documents as d on d.tenant_id = $1 and d.memory_id = m.id
 where d.from_seq <= ` + args.Add(v.index.State.Position) + ` and d.to_seq > ` + args.Add(v.index.State.Position)
	var scope int64
	var doc int
	return v.read(ctx, sql, args, []any{&scope, &doc}, func() {
		if document, ok := v.index.Document(scope, doc); ok {
			v.accept(document)
		}
	})
}

func (v *verdicts) accept(document int) {
	v.known[document] = accepted
	v.passed++
}

// read calls each for every row, which it has scanned.
func (v *verdicts) read(ctx context.Context, sql string, args filter.Args, into []any, each func()) error {
	rows, err := v.conn.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		each()
		return nil
	})
	return errors.Join(err, rows.Err())
}
