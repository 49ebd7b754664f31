package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
)

// commitOnce appends a batch in one transaction and fills in the requests' results. After an error nothing of the
// batch is written, unless it is ErrOutcomeUnknown.
func (s *Store) commitOnce(ctx context.Context, tenant domain.Tenant, k *known, batch []*request) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()
	encodeFirstArrays(conn.Conn().TypeMap())

	failpoint.Reached(failpoint.AppendBegun)
	if f, ok := k.foresee(batch); ok {
		if d := s.decideAll(tenant, f, batch); !d.refused {
			if done, err := s.commitForeseen(ctx, conn, k, d); done || err != nil {
				return err
			}
		}
	}
	before := *k
	*k = known{}
	f, err := lockAndRead(ctx, conn, tenant, batch)
	if err != nil {
		return errors.Join(err, rollback(ctx, conn))
	}
	read := time.Now()
	d := s.decideAll(tenant, f, batch)
	if d.nothing() {
		k.learn(f, f, read, before)
		return rollback(ctx, conn)
	}
	failpoint.Reached(failpoint.AppendLocked)
	err = writeAndCommit(ctx, conn, d)
	switch {
	case err == nil:
		failpoint.Reached(failpoint.AppendCommitted)
		k.learn(d.found, f, read, before)
		return nil
	case isUnavailable(err):
		return s.resolve(d, err)
	default:
		return errors.Join(err, rollback(ctx, conn))
	}
}

// commitForeseen appends what was decided before the log was locked, in a single round trip. It is not done, and
// nothing is written, where something was not as foreseen.
func (s *Store) commitForeseen(ctx context.Context, conn *pgxpool.Conn, k *known, d *decision) (done bool, err error) {
	failpoint.Reached(failpoint.AppendForeseen)
	written, err := writeForeseen(ctx, conn, d)
	_, refused := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil && written:
		failpoint.Reached(failpoint.AppendCommitted)
		k.head, k.fence = d.found.head, d.found.fence
		return true, nil
	case err == nil || refused && !isUnavailable(err):
		return false, nil
	case isUnavailable(err):
		*k = known{}
		err = s.resolve(d, err)
		return err == nil, err
	default:
		return false, err
	}
}

// rollback ends a transaction that will not be committed. Where that fails, the connection is closed, which ends
// it too, so the pool never hands out a connection in the middle of one.
func rollback(ctx context.Context, conn *pgxpool.Conn) error {
	if conn.Conn().IsClosed() {
		return nil
	}
	if _, err := conn.Exec(ctx, "rollback"); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Conn().Close(closing)
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}
