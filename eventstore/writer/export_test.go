package writer

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// The statements that look something up.
var (
	ReadCommands    = readCommands
	ReadStreamHeads = readStreamHeads
	ReadRecords     = readRecords
)

// AppendStatements returns the statement of one event and of many, on every assumption.
func AppendStatements() []string {
	all := newStatements()
	return []string{all[form{One: true, Optimistic: true, Continues: true, New: true, Imports: true}],
		all[form{Optimistic: true, Continues: true, New: true, Imports: true}]}
}

// Option changes what a Writer has as constants.
type Option func(*options)

// NewTest makes a writer with options.
func NewTest(pool *pgxpool.Pool, config Config, changes ...Option) *Writer {
	o := defaultOptions()
	for _, change := range changes {
		change(&o)
	}
	return newWriter(pool, config, o)
}

// AlwaysOptimistic has a writer assume the next batch after a failed assumption, too.
func AlwaysOptimistic(o *options) { o.pessimism = 0 }

// Unchained has a writer append events without a hash, to measure what the hash costs.
func Unchained(o *options) {
	o.chain = func(eventstore.Hash, *eventstore.Event) eventstore.Hash { return eventstore.Hash{} }
}

// Delays lets batches be delayed for so long at most, by a clock.
func Delays(longest time.Duration, now func() time.Time) Option {
	return func(o *options) { o.maxDelay, o.now = longest, now }
}

// look calls do with the queue of a tenant.
func look(w *Writer, tenant domain.Tenant, do func(q *queue)) {
	w.queues.mu.Lock()
	defer w.queues.mu.Unlock()
	do(w.queues.byTenant[tenant])
}

// Pessimistic tells whether the next batch of a tenant takes the locked path. No command may be under way.
func Pessimistic(w *Writer, tenant domain.Tenant) (is bool) {
	look(w, tenant, func(q *queue) { is = q.cache.at.IsZero() || time.Now().Before(q.cache.pessimisticUntil) })
	return is
}

// Waiting is how many commands of a tenant wait for a transaction.
func Waiting(w *Writer, tenant domain.Tenant) (n int) {
	look(w, tenant, func(q *queue) { n = len(q.waiting) })
	return n
}

// Delayed tells whether the next batch of a tenant waits for callers.
func Delayed(w *Writer, tenant domain.Tenant) (is bool) {
	look(w, tenant, func(q *queue) { is = q.delay.full != nil })
	return is
}

// ShiftClock changes what a writer remembers of the database's clock. No command may be under way.
func ShiftClock(w *Writer, tenant domain.Tenant, by time.Duration) {
	look(w, tenant, func(q *queue) { q.cache.now = q.cache.now.Add(by) })
}

// CommandEventID is commandEventID.
var CommandEventID = commandEventID
