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
		commit := s.commitLocked
		if k.current() {
			commit = s.commitUnlocked
		}
		if done, err := commit(ctx, conn, tenant, k, batch, f); done || err != nil {
			return err
		}
	}
	_, err = s.commitLocked(ctx, conn, tenant, k, batch, found{})
	return err
}

// commitUnlocked appends what is decided without the lock of the log, by what is foreseen of the batch and known of the head.
// It is not done, and nothing is written, where something was not as foreseen.
func (s *Store) commitUnlocked(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, k *known, batch []*request, f found) (done bool, err error) {
	d := s.decideAll(tenant, k.complete(f), batch)
	if d.refused {
		return false, nil
	}
	failpoint.Reached(failpoint.AppendForeseen)
	done, err = s.commitDecided(ctx, conn, d)
	switch {
	case done:
		k.head, k.epoch = d.found.head, d.found.epoch
	case err != nil:
		*k = known{}
	}
	return done, err
}

// commitLocked appends what is decided under the lock of the log, by what is foreseen of the batch, or else by what is
// read. It is not done, and nothing is written, where something was not as foreseen.
func (s *Store) commitLocked(ctx context.Context, conn *pgxpool.Conn, tenant domain.Tenant, k *known, batch []*request, f found) (done bool, err error) {
	before := *k
	*k = known{}
	if f, err = lock(ctx, conn, tenant, f, batch); err != nil {
		return false, errors.Join(err, rollback(ctx, conn))
	}
	locked := time.Now()
	d := s.decideAll(tenant, f, batch)
	if f.foreseen && d.refused {
		if f, err = read(ctx, conn, tenant, f, batch); err != nil {
			return false, errors.Join(err, rollback(ctx, conn))
		}
		d = s.decideAll(tenant, f, batch)
	}
	if !f.foreseen {
		before.weigh(d.refused, s.afterRefusal)
	}
	if d.nothing() {
		k.learn(f, f, locked, before)
		return true, rollback(ctx, conn)
	}
	failpoint.Reached(failpoint.AppendLocked)
	done, err = s.commitDecided(ctx, conn, d)
	switch {
	case done:
		k.learn(d.found, f, locked, before)
	case err == nil:
		k.learn(f, f, locked, before)
	}
	return done, err
}

// commitDecided writes what was decided, in a single round trip. It is not done, and nothing is written, where something
// was not as foreseen.
func (s *Store) commitDecided(ctx context.Context, conn *pgxpool.Conn, d *decision) (done bool, err error) {
	written, err := write(ctx, conn, d)
	switch {
	case err == nil && written:
		failpoint.Reached(failpoint.AppendCommitted)
		return true, nil
	case err == nil && d.found.foreseen:
		return false, nil
	case err == nil:
		return false, errors.New("append: the head of the log moved in spite of its lock")
	case isUnavailable(err):
		conn.Release() // it is of no more use, and another one is needed
		err = s.resolve(d, err)
		return err == nil, err
	}
	if _, refused := errors.AsType[*pgconn.PgError](err); refused && d.found.foreseen {
		err = nil // something was not as foreseen; what, is for the reading to tell
	}
	if d.found.locked {
		err = errors.Join(err, rollback(ctx, conn))
	}
	return false, err
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
