package rebuild

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections/generation"
)

// Config tunes a rebuild; its zero value works.
type Config struct {
	// Log is for the operator; default none.
	Log *zap.Logger
	// Downgrade also replaces tables that a newer version made; its runners then do nothing. Default false: ErrNewerVersion.
	Downgrade bool
	// Settings changes the settings of each new generation (see generation.Configured), which begin as those of the live one;
	// default none.
	Settings func(ctx context.Context, tx pgx.Tx, g generation.Generation) error
	// Tenants are those whose rows Run builds and replaces; the rows of others stay as they are, so the live tables must be of the
	// same version. Default all.
	Tenants []domain.Tenant
	// Progress is called with the progress of the rebuild, by one goroutine at a time; default none.
	Progress func(Progress)

	// pingEvery is how often the connection that holds the lock is pinged; default 5 s.
	pingEvery time.Duration
	// maxIdle is how long after the last ping the server releases the lock; default maxIdle.
	maxIdle time.Duration
	// pause is the time between two attempts to lock tables or views; default 2 s.
	pause time.Duration
	// attempts is how often to try to lock them; default 60, which takes two to four minutes.
	attempts int
	// retry is how long Upgrade waits after a failed rebuild; default 30 s.
	retry time.Duration
}

// Progress is the progress of a rebuild.
type Progress struct {
	Phase Phase `json:"phase"`
	// Done and Total count, within the phase, events once per projection, indexes, or compared tables. Total is 0 if there is
	// nothing to count.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Phase is a part of a rebuild.
type Phase string

// The phases, in order. A Verify has Comparing instead of Indexing and Switching.
const (
	Filling    Phase = "filling"
	Indexing   Phase = "indexing"
	CatchingUp Phase = "catching up"
	Switching  Phase = "switching"
	Comparing  Phase = "comparing"
)

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	c.pingEvery = cmp.Or(c.pingEvery, 5*time.Second)
	c.maxIdle = cmp.Or(c.maxIdle, maxIdle)
	c.pause = cmp.Or(c.pause, 2*time.Second)
	c.attempts = cmp.Or(c.attempts, 60)
	c.retry = cmp.Or(c.retry, 30*time.Second)
	return c
}

// maxIdle is how long after its last statement the server closes the connection of a suspended or disconnected process. It
// is longer than the process takes to notice that it cannot reach the server.
const maxIdle = 30 * time.Second
