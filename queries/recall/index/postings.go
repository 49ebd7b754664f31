package index

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/posting"
)

// readLanguages is how the texts of the index are analyzed.
const readLanguages = `coalesce((select languages from search_languages where tenant_id in ($1, '') order by tenant_id desc limit 1), '')`

// row is a row of readIndex.
type row struct {
	kind             int
	scope            int64
	a, b, c, d, e, f int64
	at               pgtype.Timestamptz // not pointers, which would be allocated for each row
	id               pgtype.UUID
	data             []byte
}

// pgxBytes scans bytes without a copy; they are valid until the next row.
type pgxBytes []byte

// ScanBytes keeps the bytes.
func (b *pgxBytes) ScanBytes(v []byte) error {
	*b = v
	return nil
}

const readPostings = `
select 0::bigint as scope, 0 as segment, 0 as bucket, ` + readLanguages + `::bytea as data
union all
select s.scope, p.segment, p.bucket, p.data
  from unnest($2::bigint[]) as s (scope)
 cross join lateral (
     select segment, bucket, data
       from search_postings as p
      where p.tenant_id = $1 and p.scope = s.scope and p.bucket = any($3)
     offset 0) as p`

// LoadMore reads the lists of further terms. Segments may have been made and merged since: of what they hold now, that
// of the tail is left out.
func (x *Index) LoadMore(ctx context.Context, terms []string) error {
	terms = slices.DeleteFunc(terms, func(term string) bool { return x.ByTerm[term] != nil })
	w := x.want(terms)
	if scopes := x.sealedScopes(); len(scopes) > 0 {
		rows, err := x.conn.Query(ctx, readPostings, x.State.Tenant, scopes, pgtype.FlatArray[int32](buckets(terms)))
		if err != nil {
			return err
		}
		var r row
		_, err = pgx.ForEachRow(rows, []any{&r.scope, &r.a, &r.b, (*pgxBytes)(&r.data)}, func() error {
			s := x.scopes[r.scope]
			switch {
			case r.scope == 0: // the first row
				return x.analyzed(string(r.data))
			case int(r.a) >= s.sealed:
				return nil
			}
			return x.read(w, s, &r)
		})
		if err := errors.Join(err, rows.Err()); err != nil {
			return err
		}
	}
	return x.searchTail(terms)
}

// wanted are terms by the buckets that may hold them.
type wanted map[int][]string

// want makes empty lists for terms.
func (x *Index) want(terms []string) wanted {
	w := wanted{}
	for _, term := range terms {
		x.ByTerm[term] = &posting.List{}
		for _, level := range posting.Levels {
			number := posting.BucketNumber(term, level.Buckets)
			w[number] = append(w[number], term)
		}
	}
	return w
}

// read reads a bucket of a segment.
func (x *Index) read(w wanted, s *scope, r *row) error {
	for _, term := range w[int(r.b)] {
		if err := x.ByTerm[term].Read(r.data, term, s.base+int(r.a)); err != nil {
			return err
		}
	}
	return nil
}

// searchTail looks for terms in the tails, and puts their lists in the order of documents.
func (x *Index) searchTail(terms []string) error {
	sought := posting.Seek(terms)
	for i := range x.tail.documents {
		d := &x.tail.documents[i]
		err := d.terms.Find(sought, func(i int, counts posting.Counts) {
			x.ByTerm[sought[i].Text].Add(d.Document, d.Length, counts)
		})
		if err != nil {
			return err
		}
	}
	for _, term := range terms {
		x.ByTerm[term].Sort()
	}
	return nil
}

// buckets returns the numbers of the buckets that hold terms.
func buckets(terms []string) []int32 {
	var numbers []int32
	for _, term := range terms {
		for _, level := range posting.Levels {
			numbers = append(numbers, int32(posting.BucketNumber(term, level.Buckets))) //nolint:gosec // a small number
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
