package rebuild

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

var (
	// ErrBusy means that another rebuild is running on the same database.
	ErrBusy = errors.New("another rebuild is running")
	// ErrLockLost means that the connection with the rebuild lock was lost, so another rebuild may have begun.
	ErrLockLost = errors.New("the rebuild lock was lost with its connection")
)

const (
	// lockKey is the key of the advisory lock that only one rebuild can hold.
	lockKey = 0x617572656e02
	// lockPatience lets the server notice that the process of an earlier rebuild is gone.
	lockPatience = time.Second
	// pingTimeout bounds one ping.
	pingTimeout = 10 * time.Second

	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// locked calls do while a connection holds the rebuild lock. If that connection is lost, it cancels do's context with
// ErrLockLost as its cause. The connection holds no transaction: a long one would keep vacuum from removing dead rows.
func locked(ctx context.Context, pool *pgxpool.Pool, config Config, do func(ctx context.Context) error) error {
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	conn := pooled.Hijack()
	// Closing the connection releases the lock.
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := take(ctx, conn, config.maxIdle); err != nil {
		return err
	}
	held, lose := context.WithCancelCause(ctx)
	var pinging sync.WaitGroup
	pinging.Go(func() { pingUntilLost(held, conn, config.pingEvery, lose) })
	err = do(held)
	cause := context.Cause(held)
	lose(nil)
	pinging.Wait()
	if err != nil && errors.Is(cause, ErrLockLost) {
		return cause
	}
	return err
}

// take returns ErrBusy if another rebuild holds the lock.
func take(ctx context.Context, conn *pgx.Conn, maxIdle time.Duration) error {
	settings := fmt.Sprintf("set statement_timeout = 0; set lock_timeout = %d; set idle_session_timeout = %d",
		lockPatience.Milliseconds(), maxIdle.Milliseconds())
	if err := conn.PgConn().Exec(ctx, settings).Close(); err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	_, err := conn.Exec(ctx, "select pg_advisory_lock($1)", int64(lockKey))
	if isLockTimeout(err) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	return nil
}

// pingUntilLost pings until ctx ends, and calls lose if a ping fails.
func pingUntilLost(ctx context.Context, conn *pgx.Conn, every time.Duration, lose context.CancelCauseFunc) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTimeout)
		err := conn.Ping(bounded)
		cancel()
		if err != nil {
			lose(fmt.Errorf("%w: %w", ErrLockLost, err))
			return
		}
	}
}

func isLockTimeout(err error) bool { return hasCode(err, lockNotAvailable, deadlockDetected) }

func hasCode(err error, codes ...string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(codes, pg.Code)
}
