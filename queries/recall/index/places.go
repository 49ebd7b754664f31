package index

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Place returns the place of a document, or nil if it has not been read.
func (x *Index) Place(document int) *Place {
	i, ok := slices.BinarySearchFunc(x.tail.documents, document, func(d tailDocument, document int) int { return cmp.Compare(d.Document, document) })
	if ok {
		p := x.tail.documents[i].Place // the tail is used again
		return &p
	}
	return x.places[document]
}

const readPlaces = `
select d.scope, d.doc, d.memory_id, d.length
  from unnest($2::bigint[], $3::int[]) as h (scope, doc)
  join search_documents as d on d.tenant_id = $1 and d.scope = h.scope and d.doc = h.doc`

// Places returns the places of documents. It reads those that have not been read.
func (x *Index) Places(ctx context.Context, documents map[int]bool) (map[int]*Place, error) {
	places := make(map[int]*Place, len(documents))
	var scopes []int64
	var numbers []int32
	for d := range documents {
		if p := x.Place(d); p != nil {
			places[d] = p
			continue
		}
		scope, number := x.Stored(d)
		scopes, numbers = append(scopes, scope), append(numbers, int32(number)) //nolint:gosec // a document's number
	}
	if len(numbers) == 0 {
		return places, nil
	}
	rows, err := x.conn.Query(ctx, readPlaces, x.State.Tenant, scopes, pgtype.FlatArray[int32](numbers))
	if err != nil {
		return nil, err
	}
	var scope int64
	var p Place
	_, err = pgx.ForEachRow(rows, []any{&scope, &p.Document, &p.Memory, &p.Length}, func() error {
		found := p
		found.Document += x.scopes[scope].base
		places[found.Document] = &found
		return nil
	})
	err = errors.Join(err, rows.Err())
	return places, err
}

const readDocument = `
select scope, doc
  from search_documents
 where tenant_id = $1 and memory_id = $2 and from_seq <= $3 and to_seq > $3`

// DocumentOf returns the document of an active memory, or -1 if the index has none.
func (x *Index) DocumentOf(ctx context.Context, memory uuid.UUID) (int, error) {
	var scope int64
	var number int
	err := x.conn.QueryRow(ctx, readDocument, x.State.Tenant, memory, x.State.Position).Scan(&scope, &number)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, err
	}
	if document, ok := x.Document(scope, number); ok && err == nil {
		return document, nil
	}
	return -1, nil
}
