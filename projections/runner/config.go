package runner

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
)

// Config tunes a Runner; its zero value works. The functions may be called by several goroutines at once.
type Config struct {
	// Log is for the operator; default none.
	Log *zap.Logger
	// Holder names this runner in the leases and must be unique; default host, process id and a random text.
	Holder string
	// LeaseTTL is how long a lease outlives its holder; default 5 s.
	LeaseTTL time.Duration
	// Poll is the interval of polling without a notification; default 1 s.
	Poll time.Duration
	// Batch bounds the events that one transaction applies; default 1,000.
	Batch int
	// BatchBytes bounds the bytes of events that one transaction applies, give or take one event; default 8 MiB.
	BatchBytes int
	// Concurrency bounds how many units have a turn at the same time; default 4.
	Concurrency int
	// Timeout bounds one batch; default 60 s.
	Timeout time.Duration
	// Applied is called with the number of events that a checkpoint moved past; default none.
	Applied func(projection string, tenant domain.Tenant, events int)
	// Leased is called for each lease taken; default none.
	Leased func(projection string, tenant domain.Tenant, term int64)
	// Tracer makes the span of each batch that holds an event of a traced request; default none.
	Tracer trace.Tracer
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Holder == "" {
		host, _ := os.Hostname()
		c.Holder = fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
	}
	c.LeaseTTL = cmp.Or(c.LeaseTTL, 5*time.Second)
	c.Poll = cmp.Or(c.Poll, time.Second)
	c.Batch = cmp.Or(c.Batch, 1000)
	c.BatchBytes = cmp.Or(c.BatchBytes, 8<<20)
	c.Concurrency = cmp.Or(c.Concurrency, 4)
	c.Timeout = cmp.Or(c.Timeout, time.Minute)
	if c.Applied == nil {
		c.Applied = func(string, domain.Tenant, int) {}
	}
	if c.Leased == nil {
		c.Leased = func(string, domain.Tenant, int64) {}
	}
	return c
}
