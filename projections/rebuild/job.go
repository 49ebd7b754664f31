package rebuild

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
)

// job is one rebuild or comparison of some projections.
type job struct {
	pool   *pgxpool.Pool
	builds []*build
	config Config
	log    *zap.Logger

	mu       sync.Mutex
	progress Progress

	indexed atomic.Int64
}

// begin drops what earlier jobs left behind and creates a generation of each projection. The lock of rebuilds must be held. The
// caller calls end.
func begin(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection, state generation.State, config Config) (*job, error) {
	j := &job{pool: pool, config: config, log: config.Log}
	j.drop(ctx, func(generation.Generation) bool { return true })
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for _, p := range rebuilt {
			g, err := generation.Create(ctx, tx, p, state)
			if err != nil {
				return err
			}
			if err := createSurroundings(ctx, tx, g); err != nil {
				return fmt.Errorf("create the schema %s: %w", g.Schema, err)
			}
			j.builds = append(j.builds, &build{projection: p, Generation: g})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, b := range j.builds {
		if err := b.open(ctx, pool, j.log, j.applied); err != nil {
			j.end(ctx, err)
			return nil, err
		}
	}
	failpoint.Reached(failpoint.RebuildCreated)
	return j, nil
}

// end drops the generations of the job unless they are live, and those that they replaced. Where an event stopped the job they stay:
// projections.Skip reads there which one.
func (j *job) end(ctx context.Context, cause error) {
	_, stopped := errors.AsType[*projections.StoppedError](cause)
	mine := map[int64]bool{}
	for _, b := range j.builds {
		b.close()
		mine[b.Number] = !stopped
	}
	// Another rebuild may have begun if the lock was lost.
	j.drop(context.WithoutCancel(ctx), func(g generation.Generation) bool { return mine[g.Number] || g.State == generation.Retired })
}

// drop drops generations that are not live. What cannot be dropped now, the next rebuild drops.
func (j *job) drop(ctx context.Context, which func(generation.Generation) bool) {
	all, err := generation.List(ctx, j.pool)
	for _, g := range all {
		if g.State != generation.Live && which(g) {
			err = errors.Join(err, generation.Drop(ctx, j.pool, g))
		}
	}
	if err != nil {
		j.log.Warn("tables that are not live could not be dropped; the next rebuild tries again", zap.Error(err))
	}
}

func (j *job) names() (names []string) {
	for _, b := range j.builds {
		names = append(names, b.Projection)
	}
	return names
}

// phase begins a phase.
func (j *job) phase(phase Phase, done, total int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.progress = Progress{Phase: phase, Done: done, Total: total}
	j.config.Progress(j.progress)
}

// applied counts events that a build has applied.
func (j *job) applied(events int64) { j.count(events, Filling, CatchingUp) }

// indexCreated counts an index, also while other tables are still filled.
func (j *job) indexCreated() {
	j.indexed.Add(1)
	j.count(1, Indexing)
}

// count counts what was done, if it belongs to the phase.
func (j *job) count(n int64, phases ...Phase) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if slices.Contains(phases, j.progress.Phase) {
		j.progress.Done += n
		j.config.Progress(j.progress)
	}
}

// beginIndexing begins the phase in which only indexes are left to create.
func (j *job) beginIndexing() {
	total := 0
	for _, b := range j.builds {
		total += len(generation.Indexes(b.projection))
	}
	j.phase(Indexing, j.indexed.Load(), int64(total))
}
