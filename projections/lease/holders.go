package lease

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const registerHolder = `
insert into projectors (projection, projection_version, holder, seen_until)
values ($1, $2, $3, clock_timestamp() + $4::interval)
on conflict (projection, holder) do update
   set seen_until = excluded.seen_until`

// A locked row is being renewed, or deleted by another runner.
const deleteDeadHolders = `
delete from projectors
 where (projection, holder) in
       (select projection, holder
          from projectors
         where projection = $1 and seen_until <= clock_timestamp()
           for update skip locked)`

// Register records that this holder is alive, for as long as a lease lasts.
func (t Table) Register(ctx context.Context, projection string, version int) error {
	batch := &pgx.Batch{}
	batch.Queue(registerHolder, projection, version, t.Holder, t.TTL)
	batch.Queue(deleteDeadHolders, projection)
	if err := t.Pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	return nil
}

// Owner returns the live holder that should lead a unit: the one whose hash together with the unit's is the highest
// (rendezvous hashing). All holders compute the same answer without counting; a holder that joins or leaves moves only its
// own units.
func Owner(holders []string, unit Key) string {
	var best string
	var highest uint64
	for i, holder := range holders {
		sum := sha256.Sum256([]byte(holder + "\x00" + unit.Projection + "\x00" + string(unit.Tenant)))
		if weight := binary.BigEndian.Uint64(sum[:]); i == 0 || weight > highest {
			best, highest = holder, weight
		}
	}
	return best
}
