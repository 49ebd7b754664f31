package recall

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/posting"
)

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

// loadMore reads the postings of further terms. Segments may have been made and merged since: of what they hold now, that
// of the tail is left out. The error is that of analyzed, which is given the languages of the index.
func (x *index) loadMore(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, terms []string, analyzed func(languages string) error) error {
	terms = slices.DeleteFunc(terms, func(term string) bool { return x.lists[term] != nil })
	w := x.want(terms)
	if scopes := x.sealedScopes(); len(scopes) > 0 {
		rows, err := conn.Query(ctx, readPostings, tenant, scopes, pgtype.FlatArray[int32](buckets(terms)))
		if err != nil {
			return err
		}
		var r row
		_, err = pgx.ForEachRow(rows, []any{&r.scope, &r.a, &r.b, (*pgxBytes)(&r.data)}, func() error {
			s := x.scopes[r.scope]
			switch {
			case r.scope == 0: // the first row
				return analyzed(string(r.data))
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

// sealedScopes returns the scopes that have segments.
func (x *index) sealedScopes() (scopes []int64) {
	for id, s := range x.scopes {
		if s.sealed > 0 {
			scopes = append(scopes, id)
		}
	}
	return scopes
}

// wanted are terms by the buckets that may hold them.
type wanted map[int][]string

// want makes empty lists for terms.
func (x *index) want(terms []string) wanted {
	w := wanted{}
	for _, term := range terms {
		x.lists[term] = &posting.List{}
		for _, level := range posting.Levels {
			number := posting.BucketNumber(term, level.Buckets)
			w[number] = append(w[number], term)
		}
	}
	return w
}

// read reads a bucket of a segment.
func (x *index) read(w wanted, s *scopeIndex, r *row) error {
	for _, term := range w[int(r.b)] {
		if err := x.lists[term].Read(r.data, term, s.base+int(r.a)); err != nil {
			return err
		}
	}
	return nil
}

// searchTail looks for terms in the tails, and puts their lists in the order of documents.
func (x *index) searchTail(terms []string) error {
	sought := posting.Seek(terms)
	for i := range x.tail.documents {
		d := &x.tail.documents[i]
		err := d.terms.Find(sought, func(i int, counts posting.Counts) {
			list := x.lists[sought[i].Text]
			list.Docs = append(list.Docs, uint32(d.document)) //nolint:gosec // bounded by the number of documents
			list.Counts = append(list.Counts, counts)
			list.Lengths = append(list.Lengths, uint32(d.length)) //nolint:gosec // the length of a text
		})
		if err != nil {
			return err
		}
	}
	for _, term := range terms {
		x.lists[term].Sort()
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

// idf is the weight of a word that so many of the documents hold.
func (x *index) idf(holding int) float64 {
	return math.Log1p((float64(x.documents) - float64(holding) + 0.5) / (float64(holding) + 0.5))
}

// holding is how many documents hold a term.
func (x *index) holding(term string) (n int) {
	for _, document := range x.lists[term].Docs {
		if !x.hidden[document] {
			n++
		}
	}
	return n
}

// frequency is how often a term stands in a document.
func (x *index) frequency(term string, document int) int {
	list := x.lists[term]
	i, ok := slices.BinarySearch(list.Docs, uint32(document)) //nolint:gosec // a document's number
	if !ok {
		return 0
	}
	return list.Counts[i].Content() + list.Counts[i].Other()
}
