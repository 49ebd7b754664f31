package rebuild

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/runner"
)

// purpose is what copies are built for. It decides up to where: to be swapped in they follow the logs, to be
// compared they follow the live tables.
type purpose string

const (
	toSwap    purpose = "swap"
	toCompare purpose = "compare"
)

// build is one rebuild under way.
type build struct {
	pool    *pgxpool.Pool
	shadow  *pgxpool.Pool // finds the copies, and nothing else
	live    string        // the live schema
	purpose purpose
	rebuilt []projections.Projection
	tables  []string
	runners []*runner.Runner
	plan    string
	config  Config
	log     *zap.Logger

	indexing chan struct{} // as many places as indexes may be made at once

	mu       sync.Mutex
	progress Progress
	// How many indexes were made, and how many are to be, of the copies that are filled.
	indexed, toIndex int64
}

// newBuild finds or makes the copies. The lock of rebuilds must be held.
func newBuild(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection, purpose purpose, config Config) (*build, error) {
	b := &build{
		pool: pool, purpose: purpose, rebuilt: rebuilt, config: config, log: config.Log,
		indexing: make(chan struct{}, min(runtime.GOMAXPROCS(0), indexesAtOnce)),
	}
	if err := pool.QueryRow(ctx, "select current_schema()").Scan(&b.live); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	for _, p := range rebuilt {
		b.tables = append(b.tables, p.Tables()...)
	}
	if err := b.openShadow(ctx); err != nil {
		return nil, err
	}
	b.newRunners()
	if err := b.resumeOrBegin(ctx); err != nil {
		b.shadow.Close()
		return nil, err
	}
	failpoint.Reached(failpoint.RebuildCreated)
	return b, nil
}

func (b *build) openShadow(ctx context.Context) error {
	shadow := b.pool.Config()
	parameters := shadow.ConnConfig.RuntimeParams
	// Were the live schema found, too, the live tables would be written where somebody dropped the copies.
	parameters["search_path"] = pgx.Identifier{Schema}.Sanitize()
	// Batches are bounded by batchTimeout, whatever the role or the database sets for others.
	parameters["statement_timeout"], parameters["lock_timeout"] = "0", "0"
	shadow.MinConns, shadow.MinIdleConns = 0, 0
	// Last, since the pool has its connections commit durably. Nothing is lost that matters here: the swap commits
	// synchronously, and what it writes to the log of the server comes after all that was written before.
	asLive := shadow.AfterConnect
	shadow.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if asLive != nil {
			if err := asLive(ctx, conn); err != nil {
				return err
			}
		}
		_, err := conn.Exec(ctx, "set synchronous_commit = off")
		return err
	}
	var err error
	if b.shadow, err = pgxpool.NewWithConfig(ctx, shadow); err != nil {
		return fmt.Errorf("open connections: %w", err)
	}
	return nil
}

// resumeOrBegin goes on with the copies that are there, if they are of the same plan, or makes new ones.
func (b *build) resumeOrBegin(ctx context.Context) error {
	var err error
	if b.plan, err = b.describe(ctx, b.pool); err != nil {
		return err
	}
	found, err := readPlan(ctx, b.pool)
	if err != nil {
		return err
	}
	switch {
	case found == "":
	case b.config.Restart:
		b.log.Info("beginning anew, as was asked for")
	case found != b.plan:
		b.log.Warn("what was begun earlier is another rebuild, for another purpose, of other projections or versions, other tables or another log; beginning anew",
			zap.String("earlier", summary(found)), zap.String("now", summary(b.plan)))
	default:
		err := b.checkMixed(ctx, b.pool)
		if err == nil {
			return b.resume(ctx)
		}
		if !errors.Is(err, errMixed) {
			return err
		}
		b.log.Warn("beginning anew", zap.Error(err))
	}
	return b.createCopies(ctx)
}

// resume says where the copies are.
func (b *build) resume(ctx context.Context) error {
	legs, err := b.legs(ctx)
	if err != nil {
		return err
	}
	for _, l := range legs {
		for tenant := range l.at {
			b.log.Info("going on with what was begun earlier", zap.String("tenant", string(tenant)),
				zap.String("projection", l.projection.Name()), zap.Int64("after", l.at[tenant]), zap.Int64("until", l.until[tenant]))
		}
	}
	return nil
}

// What the runners hold in memory is bounded by these: of each tenant a batch that is written and one that is prepared.
const (
	tenantsAtOnce = 2
	batchEvents   = 2000
	batchBytes    = 4 << 20
)

// newRunners makes what fills the copies: the same that keeps the live tables up to date.
func (b *build) newRunners() {
	store := eventstore.New(b.shadow, eventstore.Config{})
	watcher := eventstore.NewWatcher(b.shadow, eventstore.LogChannel, b.log)
	for _, p := range b.rebuilt {
		b.runners = append(b.runners, runner.New(b.shadow, store, watcher, runner.Config{
			Log: b.log,
			// Of the copies there is one holder, whose leases never run out: who goes on with a rebuild takes them over,
			// and with the next term fences off what is left of the one before. With a name of its own it would have to wait
			// until those run out, or for what is left of the one before to give them back and take them again.
			Holder: "rebuild", LeaseTTL: 24 * time.Hour,
			Batch: batchEvents, BatchBytes: batchBytes, Concurrency: tenantsAtOnce, Timeout: batchTimeout,
			Applied: func(_ string, _ domain.Tenant, events int) {
				failpoint.Reached(failpoint.RebuildFilling)
				b.done(int64(events))
			},
		}, p))
	}
}

// batchTimeout is generous: indexes of others may be built at the same time.
const batchTimeout = 5 * time.Minute

// begin starts a phase.
func (b *build) begin(ctx context.Context, phase Phase, done, total int64) error {
	b.mu.Lock()
	b.progress = Progress{Phase: phase, Done: done, Total: total}
	b.config.Progress(b.progress)
	b.mu.Unlock()
	return b.recordPhase(ctx, phase)
}

func (b *build) done(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress.Done += n
	b.config.Progress(b.progress)
}
