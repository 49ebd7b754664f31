package index

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/posting"
)

const readTerms = `
select true, ` + readLanguages + `::bytea as data
union all
select false, t.data
  from unnest($2::bigint[]) as s (scope)
 cross join lateral (
     select data
       from search_terms as t
      where t.tenant_id = $1 and t.scope = s.scope and t.bucket = any($3)
     offset 0) as t`

// EachTerm calls each with the terms of the tail and those of the buckets of terms of segments, and how many documents hold them.
// Terms that only hidden documents hold are among them, and a term may come several times. The bytes are valid during the call only.
// It returns the error that Load's analyzed returns.
func (x *Index) EachTerm(ctx context.Context, buckets []int32, each func(term []byte, documents int)) error {
	for i := range x.tail.documents {
		if err := x.tail.documents[i].terms.Each(func(_ uint32, term []byte, _ posting.Counts) { each(term, 1) }); err != nil {
			return err
		}
	}
	scopes := x.sealedScopes()
	if len(scopes) == 0 {
		return nil
	}
	rows, err := x.conn.Query(ctx, readTerms, x.State.Tenant, scopes, pgtype.FlatArray[int32](buckets))
	if err != nil {
		return err
	}
	var first bool
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&first, (*pgxBytes)(&data)}, func() error {
		if first {
			return x.analyzed(string(data))
		}
		return posting.ReadTerms(data, each)
	})
	return errors.Join(err, rows.Err())
}
