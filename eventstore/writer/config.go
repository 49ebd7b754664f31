package writer

import (
	"cmp"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/auren-memory/auren/eventstore"
)

// Config tunes a Writer; its zero value works.
type Config struct {
	// MaxBatch is how many events one transaction carries at most; default 500.
	MaxBatch int
	// MaxBatchBytes is how many bytes of payload, contents and metadata one transaction carries at most; default 16 MiB.
	MaxBatchBytes int
	// MaxWaiting is how many commands of one tenant may wait for a transaction; default 10,000.
	MaxWaiting int
	// Timeout bounds one transaction, including the wait for a connection; default 15 s.
	Timeout time.Duration
	// Appended receives the stats of each transaction before its commands are answered, and those of each repeated command that
	// Outcome finds, possibly from several goroutines at once; default nobody.
	Appended func(Stats)
	// Tracer makes a span for each command's wait, and one for each transaction that has a traced command in it; default none.
	Tracer trace.Tracer
}

func (c Config) withDefaults() Config {
	c.MaxBatch = cmp.Or(c.MaxBatch, 500)
	c.MaxBatchBytes = cmp.Or(c.MaxBatchBytes, 16<<20)
	c.MaxWaiting = cmp.Or(c.MaxWaiting, 10_000)
	c.Timeout = cmp.Or(c.Timeout, 15*time.Second)
	c.Tracer = cmp.Or[trace.Tracer](c.Tracer, noop.Tracer{})
	return c
}

// options are what tests set differently.
type options struct {
	chain chain
	// maxDelay and pessimism replace the constants.
	maxDelay, pessimism time.Duration
	// now is the clock of delays.
	now func() time.Time
}

func defaultOptions() options {
	return options{chain: eventstore.ChainCanonical, maxDelay: maxDelay, pessimism: pessimism, now: time.Now}
}

// chain computes the hash of an event from that of the one before.
type chain func(previous eventstore.Hash, e *eventstore.Event) eventstore.Hash
