// Package database opens the pool of connections to PostgreSQL that a process works with. It alone decides how big a
// pool is, which settings a connection has, how long a caller waits for one, and which connection errors are retried.
package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"
)

// Config says which database to open, and with how many connections. Only DSN is required.
type Config struct {
	DSN string
	// Name is the application_name of the connections; default "auren".
	Name string
	// Size is how many connections are kept open, Overflow how many more may be opened under load. Default, for a
	// short-lived command: none is kept, up to 10 are opened.
	Size, Overflow int
	// Wait is how long Open retries a server that cannot be reached; default 0, not at all.
	Wait time.Duration
	// Tracer traces each statement; default none.
	Tracer pgx.QueryTracer
}

// ErrMissing means that the server was reached but has no database of that name.
var ErrMissing = errors.New("the database does not exist")

const (
	connectTimeout = 4 * time.Second
	acquireTimeout = 5 * time.Second
	pingTimeout    = 2 * time.Second
	idleTime       = 5 * time.Minute
	healthCheck    = 10 * time.Second

	shortestPause = 100 * time.Millisecond
	longestPause  = 3 * time.Second
)

// Open returns a pool whose database has answered. While the server cannot be reached it retries, with growing
// pauses, until Config.Wait has passed or ctx ends, and logs what it waits for. A server that refuses the role or does
// not have the database (ErrMissing) is an error at once. No error and no log line holds the DSN or its password.
// Acquiring a connection fails if none is free for 5 s. The caller closes the pool.
func Open(ctx context.Context, config Config, log *zap.Logger) (*pgxpool.Pool, error) {
	settings, err := poolSettings(config)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("open the pool of connections: %w", err)
	}
	if err := await(ctx, pool, config.Wait, log); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// commitDurably keeps a role's or a database's setting from acknowledging commits that are not on disk. Settings that
// wait for even more than the local disk stay.
const commitDurably = `
select set_config('synchronous_commit', 'on', false)
 where current_setting('synchronous_commit') = 'off'`

func poolSettings(config Config) (*pgxpool.Config, error) {
	settings, err := pgxpool.ParseConfig(config.DSN)
	if err != nil {
		// The parser's own error repeats the DSN.
		return nil, errors.New("the database DSN is malformed: it must be like postgres://user:password@host:5432/database")
	}
	settings.MinConns, settings.MaxConns = int32(config.Size), int32(config.Size+config.Overflow) //nolint:gosec // configured, at most 2,000
	if settings.MaxConns == 0 {
		settings.MaxConns = 10
	}
	settings.MaxConnIdleTime, settings.HealthCheckPeriod, settings.PingTimeout = idleTime, healthCheck, pingTimeout
	settings.ConnConfig.ConnectTimeout = connectTimeout
	settings.ConnConfig.Tracer = acquireDeadline{}
	if config.Tracer != nil {
		settings.ConnConfig.Tracer = multitracer.New(config.Tracer, acquireDeadline{})
	}
	settings.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerUUIDs(conn.TypeMap())
		if _, err := conn.Exec(ctx, commitDurably); err != nil {
			return fmt.Errorf("require durable commits: %w", err)
		}
		return nil
	}
	parameters := settings.ConnConfig.RuntimeParams
	parameters["application_name"] = cmp.Or(config.Name, "auren")
	parameters["jit"] = "off" // compiling takes longer than our queries run
	// So does planning. Each statement is written for one index, whatever its arguments.
	parameters["plan_cache_mode"] = "force_generic_plan"
	parameters["timezone"] = "UTC"
	// A transaction that waited for a lock must see what was written under it.
	parameters["default_transaction_isolation"] = "read committed"
	// A process that is suspended within a transaction must not block others for longer than a lease.
	parameters["idle_in_transaction_session_timeout"] = "5s"
	return settings, nil
}

func await(ctx context.Context, pool *pgxpool.Pool, wait time.Duration, log *zap.Logger) error {
	target := Target(pool)
	deadline := time.Now().Add(wait)
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		err := pool.Ping(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := refusal(err, target); err != nil {
			return err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("PostgreSQL (%s) cannot be reached: %w", target, err)
		}
		jittered := min(pause/2+rand.N(pause), left) //nolint:gosec // jitter, not a secret
		log.Warn("waiting for postgresql", zap.String("database", target),
			zap.Duration("next_try", jittered.Round(time.Millisecond)), zap.Duration("giving_up", left.Round(time.Second)), zap.Error(err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(jittered):
		}
	}
}

// Target describes the database of a pool: its name, host and port.
func Target(pool *pgxpool.Pool) string {
	c := pool.Config().ConnConfig
	return fmt.Sprintf("%s on %s", cmp.Or(c.Database, c.User), net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))))
}

// refusal returns the error of a server that refuses the connection for good; nil for errors worth a retry.
func refusal(err error, target string) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return nil
	}
	switch class := refused.Code[:2]; {
	case refused.Code == "3D000":
		return fmt.Errorf("%w (%s): run `auren init`", ErrMissing, target)
	case class == "28", refused.Code == "42501":
		return fmt.Errorf("the database refuses the role (%s): %w", target, err)
	default:
		return nil
	}
}

// acquireDeadline bounds the wait for a connection: without it, a request without a deadline would wait for as long as
// the pool is exhausted.
type acquireDeadline struct{}

type cancelKey struct{}

// TraceAcquireStart returns the context of the acquisition alone.
func (acquireDeadline) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	ctx, cancel := context.WithTimeout(ctx, acquireTimeout)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

// TraceAcquireEnd releases that context.
func (acquireDeadline) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// TraceQueryStart does nothing; pgx.QueryTracer requires it.
func (acquireDeadline) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd does nothing; pgx.QueryTracer requires it.
func (acquireDeadline) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
