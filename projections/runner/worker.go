package runner

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/lease"
)

// worker applies and delivers batches of one unit at a time; it is safe for concurrent use with different units.
type worker struct {
	pool   *pgxpool.Pool
	events *eventstore.Log
	config Config
	leases lease.Table
	units  *units
}

func (w *worker) log(k lease.Key) *zap.Logger {
	return w.config.Log.With(zap.String("projection", k.Projection), zap.String("holder", w.config.Holder), zap.String("tenant", string(k.Tenant)))
}

// overShare reports whether another holder should lead the unit, so that its turn should end.
func (w *worker) overShare(u *unit) (over bool) {
	w.units.locked(func() { over = !u.owned })
	return over
}

// stop records that an event stopped the unit; 0 if no event caused it.
func (w *worker) stop(ctx context.Context, u *unit, at int64, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	reason := cause.Error()
	if e, ok := errors.AsType[*projections.PoisonError](cause); ok {
		reason = e.Err.Error()
	}
	if err := w.leases.MarkStopped(ctx, u.Lease, at, reason); err != nil {
		return err
	}
	w.units.locked(func() {
		u.stopped = &projections.StoppedError{Projection: u.name, Tenant: u.Tenant, SequenceID: at, Reason: reason}
	})
	w.log(u.Key).Error("the projection of the tenant is stopped", zap.Int64("sequence_id", at), zap.String("reason", reason))
	return nil
}
