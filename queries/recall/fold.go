package recall

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/queries/recall/answer"
)

// maxFolded is how many of the best memories are compared with each other.
const maxFolded = 1_000

const readTexts = `
select d.scope, d.doc, d.memory_id, d.terms
  from unnest($2::bigint[], $3::int[]) as h (scope, doc)
  join search_documents as d on d.tenant_id = $1 and d.scope = h.scope and d.doc = h.doc`

// duplicate is a document that another stands for.
type duplicate struct {
	of     int // document
	memory uuid.UUID
}

// fold leaves in the order one of the documents that say the same, the best. The order ends with the documents that are compared.
func (o *order) fold(ctx context.Context) error {
	best, err := o.best(ctx, maxFolded)
	if err != nil {
		return err
	}
	more := len(best) > maxFolded
	if !more {
		if more, err = o.reaches(ctx, len(best)); err != nil {
			return err
		}
	}
	if more {
		best = best[:min(len(best), maxFolded)]
		if o.hint != "" {
			o.hint += "; "
		}
		o.hint += fmt.Sprintf("fold compares the %d best memories, and no others are found", maxFolded)
	}
	texts, memories, err := o.texts(ctx, best)
	if err != nil {
		return err
	}
	o.ranked, o.complete = nil, true
	o.folded, o.duplicates = map[int]duplicate{}, map[int][]uuid.UUID{}
	for i, first := range answer.Fold(texts) {
		if first == i {
			o.ranked = append(o.ranked, best[i])
			continue
		}
		o.folded[best[i].document] = duplicate{best[first].document, memories[i]}
		o.duplicates[best[first].document] = append(o.duplicates[best[first].document], memories[i])
	}
	return nil
}

// texts reads the texts of documents, and which memories they are of.
func (o *order) texts(ctx context.Context, of []ranked) ([]answer.Text, []uuid.UUID, error) {
	at := make(map[int]int, len(of))
	scopes, docs := make([]int64, len(of)), make(pgtype.FlatArray[int32], len(of))
	for i, r := range of {
		s := o.index.scopeOf(r.document)
		at[r.document], scopes[i], docs[i] = i, s.id, int32(r.document-s.base) //nolint:gosec // a document's number
	}
	texts, memories := make([]answer.Text, len(of)), make([]uuid.UUID, len(of))
	rows, err := o.conn.Query(ctx, readTexts, o.snap.Tenant, scopes, docs)
	if err != nil {
		return nil, nil, err
	}
	var scope int64
	var doc int
	var id uuid.UUID
	var terms []byte
	_, err = pgx.ForEachRow(rows, []any{&scope, &doc, &id, (*pgxBytes)(&terms)}, func() (err error) {
		i := at[o.index.scopes[scope].base+doc]
		memories[i] = id
		texts[i], err = answer.NewText(scope, posting.Document(terms))
		return err
	})
	return texts, memories, errors.Join(err, rows.Err())
}
