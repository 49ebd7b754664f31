package rebuild

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrLockLost says that the connection which held the lock of rebuilds is gone, so that another rebuild may have begun.
var ErrLockLost = errors.New("the lock of rebuilds was lost with its connection")

const (
	// lockKey is the advisory lock of rebuilds.
	lockKey = 0x617572656e02
	// lockPatience lets the server find out that the process of an earlier rebuild is gone.
	lockPatience = time.Second
	// longestIdle is after how long the server ends the transaction of a process that is suspended or out of reach. It is longer
	// than it takes the process to find out that it cannot keep the lock: its successor begins when it has ended.
	longestIdle = 30 * time.Second
	// longestKeeping bounds one attempt to keep the lock.
	longestKeeping = 10 * time.Second

	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// lock is the transaction that holds the lock of rebuilds.
type lock struct {
	longestIdle time.Duration

	mu sync.Mutex // of tx, which several goroutines use
	tx pgx.Tx
}

// locked does something while it holds the lock of rebuilds, and commits the transaction that holds it. The context that it
// gives ends with ErrLockLost as its cause when the lock is lost.
func locked(ctx context.Context, pool *pgxpool.Pool, config Config, do func(ctx context.Context, l *lock) error) error {
	// A transaction of another isolation would keep its first snapshot.
	return pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		l := &lock{tx: tx, longestIdle: config.longestIdle}
		if err := l.take(ctx); err != nil {
			return err
		}
		held, lose := context.WithCancelCause(ctx)
		var keeping sync.WaitGroup
		keeping.Go(func() { l.keepUntilLost(held, config.keepEvery, lose) })
		err := do(held, l)
		cause := context.Cause(held)
		lose(nil)
		keeping.Wait()
		if errors.Is(cause, ErrLockLost) {
			return cause
		}
		return err
	})
}

// take returns ErrBusy where another rebuild holds the lock.
func (l *lock) take(ctx context.Context) error {
	if err := takeTime(ctx, l.tx); err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	if err := setLockTimeout(ctx, l.tx, lockPatience); err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	_, err := l.tx.Exec(ctx, "select pg_advisory_xact_lock($1)", int64(lockKey))
	if isLockTimeout(err) {
		return ErrBusy
	}
	if err == nil {
		err = l.keep(ctx)
	}
	if err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	return nil
}

// keep tells the server that this process is there still. It must be the last statement before the transaction idles: a
// query would leave a snapshot until the next statement, and nothing that anybody deletes could be cleaned up while copies are
// filled, nor an index be built concurrently. This statement takes none.
func (l *lock) keep(ctx context.Context) error {
	_, err := l.tx.Exec(ctx, fmt.Sprintf("set local idle_in_transaction_session_timeout = %d", l.longestIdle.Milliseconds()))
	return err
}

// keepUntilLost keeps the lock until ctx ends, and calls lose where that fails.
func (l *lock) keepUntilLost(ctx context.Context, every time.Duration, lose context.CancelCauseFunc) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := l.use(func(pgx.Tx) error {
			// To cancel a statement closes the connection, and what was swapped is yet to be committed.
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestKeeping)
			defer cancel()
			return l.keep(bounded)
		})
		if err != nil {
			lose(fmt.Errorf("%w: %w", ErrLockLost, err))
			return
		}
	}
}

// use does something in the transaction, to which it belongs meanwhile.
func (l *lock) use(do func(tx pgx.Tx) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return do(l.tx)
}

// takeTime lifts, for a transaction, the bounds that the role or the database may set for the statements of others.
func takeTime(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "set local statement_timeout = 0; set local lock_timeout = 0")
	return err
}

func setLockTimeout(ctx context.Context, tx pgx.Tx, wait time.Duration) error {
	_, err := tx.Exec(ctx, fmt.Sprintf("set local lock_timeout = %d", wait.Milliseconds()))
	return err
}

func isLockTimeout(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == lockNotAvailable || pg.Code == deadlockDetected)
}
