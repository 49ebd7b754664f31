package rebuild

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

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
}

// begin drops the remains of earlier jobs and creates a generation of each projection. The rebuild lock must be held. The
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
			live, err := generation.FindLive(ctx, tx, p.Name())
			if err == nil {
				err = generation.CopySettings(ctx, tx, p, live, g)
			}
			if err == nil && config.Settings != nil {
				err = config.Settings(ctx, tx, g)
			}
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, fmt.Sprintf(createSurroundings, pgx.Identifier{g.Schema}.Sanitize(), g.Number)); err != nil {
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
		if err := b.open(ctx, pool, j.log, j.count); err != nil {
			j.end(ctx, err)
			return nil, err
		}
	}
	failpoint.Reached(failpoint.RebuildCreated)
	return j, nil
}

// end drops the generations of the job unless they are live, and those that they replaced. If an event stopped the job they
// stay, so that projections.Skip can read which event it was.
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

// drop drops generations that are not live. If it fails, the next rebuild drops them.
func (j *job) drop(ctx context.Context, which func(generation.Generation) bool) {
	all, err := generation.List(ctx, j.pool)
	for _, g := range all {
		if g.State != generation.Live && which(g) {
			err = errors.Join(err, generation.Drop(ctx, j.pool, g))
		}
	}
	if err != nil {
		j.log.Warn("leftover tables could not be dropped; the next rebuild tries again", zap.Error(err))
	}
}

func (j *job) names() (names []string) {
	for _, b := range j.builds {
		names = append(names, b.Projection)
	}
	return names
}

// each calls do for all builds at the same time.
func (j *job) each(ctx context.Context, do func(ctx context.Context, b *build) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, b := range j.builds {
		group.Go(func() error { return do(ctx, b) })
	}
	return group.Wait()
}

// createIndexes creates the indexes of all builds.
func (j *job) createIndexes(ctx context.Context) error {
	total := 0
	for _, b := range j.builds {
		total += len(generation.Indexes(b.projection))
	}
	j.phase(Indexing, int64(total))
	return j.each(ctx, func(ctx context.Context, b *build) error {
		return b.createIndexes(ctx, func() { j.count(1) })
	})
}

// phase begins a phase.
func (j *job) phase(phase Phase, total int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.progress = Progress{Phase: phase, Total: total}
	j.config.Progress(j.progress)
}

// count adds to the progress, unless the current phase counts nothing.
func (j *job) count(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.progress.Total > 0 {
		j.progress.Done += n
		j.config.Progress(j.progress)
	}
}
