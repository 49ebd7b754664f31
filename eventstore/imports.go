package eventstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// Record by record, like readStreams: planned while the table was empty, one condition on all records would read every row of the
// tenant.
const readImported = `
select coalesce(json_object_agg(encode(sought.record, 'hex'), found.stream_id), '{}')
  from unnest($2::bytea[]) as sought (record)
 cross join lateral (
       select stream_id
         from imported as i
        where i.tenant_id = $1 and i.record = sought.record
        order by i.record
        limit 1) as found`

// Imported returns the streams that were made from imported records, by the keyed digests of the records. A stream whose contents
// were erased is not found.
func (l *Log) Imported(ctx context.Context, tenant domain.Tenant, records [][]byte) (found map[Hash]uuid.UUID, err error) {
	if err := l.pool.QueryRow(ctx, readImported, tenant, records).Scan(&found); err != nil {
		return nil, Translate(fmt.Errorf("read imported records: %w", err))
	}
	return found, nil
}
