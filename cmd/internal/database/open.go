// Package database opens the pool of connections to PostgreSQL that a process works with. It is the one place that
// knows how big a pool is, what a connection is set to, how long anything waits for one, and which mistakes in
// reaching a database pass by themselves.
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

// Config says which database, and how many connections to it. Only DSN is needed.
type Config struct {
	DSN string
	// Name is what the server calls the connections, as application_name; default "auren".
	Name string
	// Size is how many connections are kept open, Overflow how many more may be opened under load. With neither,
	// as for a command that runs for a moment, none is kept and up to 10 are opened.
	Size, Overflow int
	// Wait is how long Open waits for a server that cannot be reached; default not at all.
	Wait time.Duration
	// Tracer is told of each statement; default nobody.
	Tracer pgx.QueryTracer
}

// ErrMissing says that the server was reached and has no database of that name.
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

// Open returns a pool whose database has answered. While the server cannot be reached it tries again, with growing
// pauses, until Config.Wait or ctx ends, and says in the log what it waits for. A server that refuses the role or
// does not know the database (ErrMissing) is an error at once. No error and no log line holds the DSN or its password. Taking a
// connection out of the pool fails after 5 s where none comes free. Closing the pool is the caller's.
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

// What is acknowledged is on disk, whatever a role or a database is set to. The settings that wait for more stay.
const commitDurably = `
select set_config('synchronous_commit', 'on', false)
 where current_setting('synchronous_commit') = 'off'`

func poolSettings(config Config) (*pgxpool.Config, error) {
	settings, err := pgxpool.ParseConfig(config.DSN)
	if err != nil {
		// The parser's own error repeats the DSN.
		return nil, errors.New("the database DSN is malformed; it looks like postgres://user:password@host:5432/database")
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
	parameters["jit"] = "off" // compiling takes longer than our queries do
	// Planning does, too. Each statement is written for the one index that it follows, whatever it looks for.
	parameters["plan_cache_mode"] = "force_generic_plan"
	parameters["timezone"] = "UTC"
	// Whoever has waited for a lock must see what was written under it.
	parameters["default_transaction_isolation"] = "read committed"
	// A process that is suspended in the middle of a transaction must not hold up the others for longer than a lease.
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

// Target says in words which database a pool leads to: its name, host and port.
func Target(pool *pgxpool.Pool) string {
	c := pool.Config().ConnConfig
	return fmt.Sprintf("%s on %s", cmp.Or(c.Database, c.User), net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))))
}

// refusal is the error of a server that was reached and will not let us in, however often we ask; nil for others.
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

// acquireDeadline bounds how long anybody waits for a connection: without it a request that has no deadline of its
// own would wait for as long as the pool is exhausted.
type acquireDeadline struct{}

type cancelKey struct{}

// TraceAcquireStart returns the context that the acquiring, and nothing after it, runs under.
func (acquireDeadline) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	ctx, cancel := context.WithTimeout(ctx, acquireTimeout)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

// TraceAcquireEnd frees what TraceAcquireStart took.
func (acquireDeadline) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// TraceQueryStart does nothing; a tracer must have it.
func (acquireDeadline) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd does nothing; a tracer must have it.
func (acquireDeadline) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
