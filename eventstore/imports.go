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

// Imported returns the streams that were claimed for imported records, by the keyed digests of the records. A stream whose import
// was interrupted may not exist yet; one whose contents were erased is not found.
func (l *Log) Imported(ctx context.Context, tenant domain.Tenant, records [][]byte) (found map[Hash]uuid.UUID, err error) {
	if err := l.pool.QueryRow(ctx, readImported, tenant, records).Scan(&found); err != nil {
		return nil, Translate(fmt.Errorf("read imported records: %w", err))
	}
	return found, nil
}

// In the order of the records, so that two imports that claim the same ones cannot deadlock.
const claimImported = `
insert into imported (tenant_id, record, stream_id)
select $1, record, stream_id
from unnest($2::bytea[], $3::uuid[]) as new (record, stream_id)
order by record
on conflict do nothing`

// ClaimImported reserves streams for records that are about to be imported, and tells whether all were free: of two imports of one
// record, the first to claim it decides its stream.
func (l *Log) ClaimImported(ctx context.Context, tenant domain.Tenant, streams map[Hash]uuid.UUID) (bool, error) {
	records, ids := make([][]byte, 0, len(streams)), make([]uuid.UUID, 0, len(streams))
	for record, id := range streams {
		records, ids = append(records, record[:]), append(ids, id)
	}
	tag, err := l.pool.Exec(ctx, claimImported, tenant, records, ids)
	if err != nil {
		return false, Translate(fmt.Errorf("claim imported records: %w", err))
	}
	return tag.RowsAffected() == int64(len(streams)), nil
}
