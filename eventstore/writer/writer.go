package writer

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// Writer appends to the logs of tenants. It is safe for concurrent use.
type Writer struct {
	config  Config
	commits *committer
	queues  *queues
}

// New makes a writer on a pool, which stays the caller's to close, after every Append has returned. The default isolation of its
// connections must be read committed; under a stricter one appends of several processes fail.
func New(pool *pgxpool.Pool, config Config) *Writer { return newWriter(pool, config, defaultOptions()) }

func newWriter(pool *pgxpool.Pool, config Config, o options) *Writer {
	w := &Writer{config: config.withDefaults()}
	w.commits = &committer{pool: pool, timeout: w.config.Timeout, statements: newStatements(), options: o}
	w.queues = &queues{config: &w.config, options: o, commit: w.commit, byTenant: map[domain.Tenant]*queue{}}
	return w
}

// Append appends a command in one transaction, together with others that arrive at the same time.
//
// Each write succeeds or conflicts by itself; its result says which. A command is recorded under its ID unless
// all of its writes conflicted, so that one that wrote nothing can be tried again. A command that was recorded
// before returns its first outcome with Duplicate set, or ErrReused if its fingerprint differs.
//
// Other errors: a *domain.Error of kind Invalid for an event that cannot be stored, ErrUnavailable,
// ErrOverloaded, ErrOutcomeUnknown, and ctx's own error while the command was still waiting. After any error but
// ErrOutcomeUnknown nothing is written.
func (w *Writer) Append(ctx context.Context, c eventstore.Command) (eventstore.Result, error) {
	r, err := newRequest(c)
	if err != nil {
		return eventstore.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return eventstore.Result{}, err
	}
	_, r.span = w.config.Tracer.Start(ctx, "append")
	err = w.enqueueAndWait(ctx, r)
	r.finish(err)
	return r.result, err
}

func (w *Writer) enqueueAndWait(ctx context.Context, r *request) error {
	r.queued = time.Now()
	run, err := w.queues.enqueue(r)
	if err != nil {
		return err
	}
	if run != nil {
		run()
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if w.queues.withdraw(r) {
			return ctx.Err()
		}
		<-r.done
	}
	return r.err
}

func (w *Writer) commit(tenant domain.Tenant, cache *headCache, batch []*request) {
	ctx, observed := observe(&w.config, tenant, batch)
	w.commits.commit(ctx, tenant, cache, batch)
	observed.end()
}

// Outcome returns the first outcome of a command id, or ok false if it was not recorded, or ErrReused if it was recorded with
// another fingerprint.
func (w *Writer) Outcome(ctx context.Context, tenant domain.Tenant, id string, fingerprint eventstore.Hash) (
	first eventstore.Outcome, ok bool, err error,
) {
	b, found := &pgx.Batch{}, map[string]recorded{}
	queueReadCommands(b, tenant, []string{id}, pgtype.FlatArray[uuid.UUID]{commandEventID(tenant, id)}, found)
	if err := w.commits.pool.SendBatch(ctx, b).Close(); err != nil {
		return first, false, eventstore.Translate(fmt.Errorf("read command: %w", err))
	}
	c, ok := found[id]
	switch {
	case ok && !c.isOf(fingerprint):
		return first, false, eventstore.ErrReused
	case ok && w.config.Appended != nil:
		w.config.Appended(Stats{Duplicates: 1})
	}
	return c.outcome, ok, nil
}

// Close waits until every command that was taken has its answer.
func (w *Writer) Close() { w.queues.running.Wait() }
