// Package snapshot reads answers from one state of a tenant's memories: their versions at one position of the log, and the
// moment that decides which of them have expired.
//
// Every answer is read together with the checkpoint of its projection, in one statement, which sees a single state of the
// database. A search takes several statements: it reads them in one transaction or as of the position that the first of them
// saw. So the sequence_id that an answer carries is exactly the position it reflects.
//
// # As of
//
// At.AsOf asks for the past, and only Source.At resolves it. A moment stands for the position of the last event that the log
// recorded at or before it. If the projection has not reached that position, Source.At waits for a bounded time and then
// returns an error of kind Unavailable. So an answer about the past is the same whenever it is asked for.
package snapshot

import (
	"cmp"
	"context"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/eventstore"
)

// The projections whose tables are read, by the names of their checkpoints.
const (
	AgentMemories = "agent_memories"
	Search        = "search"
)

// Config tunes a Source; its zero value works.
type Config struct {
	// WaitLimit bounds the wait for a position; default 2 s.
	WaitLimit time.Duration
	// Poll is the first pause between two looks at a checkpoint that is waited for; it doubles up to ten times
	// itself; default 20 ms.
	Poll time.Duration
	// Timeout bounds one round of statements, including the wait for a connection; default 10 s.
	Timeout time.Duration
	// MaxConcurrent is how many answers are read at once; others wait. Past it, throughput falls. Default four for each
	// processor, at least 8.
	MaxConcurrent int
	// Wake subscribes to news of a projection, by the key "<tenant>/<projection>": whatever arrives on the channel
	// ends a pause early. The function that it returns ends the subscription. Default: polling only.
	Wake func(key string) (<-chan struct{}, func())
	// Now is the clock that decides what has expired; default time.Now.
	Now func() time.Time
}

// Source reads snapshots. It is safe for concurrent use.
type Source struct {
	pool   *pgxpool.Pool
	log    *eventstore.Log
	config Config
	slots  chan struct{} // one for each answer that is being read
}

// New makes a Source on a pool, which stays the caller's to close.
func New(pool *pgxpool.Pool, config Config) *Source {
	config.WaitLimit = cmp.Or(config.WaitLimit, 2*time.Second)
	config.Poll = cmp.Or(config.Poll, 20*time.Millisecond)
	config.Timeout = cmp.Or(config.Timeout, 10*time.Second)
	config.MaxConcurrent = cmp.Or(config.MaxConcurrent, max(8, 4*runtime.GOMAXPROCS(0)))
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Source{pool: pool, log: eventstore.NewLog(pool), config: config, slots: make(chan struct{}, config.MaxConcurrent)}
}

// Now is the time by the clock of the Source.
func (s *Source) Now() time.Time { return s.config.Now() }

// Connected gives do a connection, within Config.Timeout and Config.MaxConcurrent, and translates its error.
func (s *Source) Connected(ctx context.Context, do func(context.Context, *pgxpool.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return eventstore.ReadError(ctx.Err())
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return eventstore.ReadError(err)
	}
	defer conn.Release()
	return eventstore.ReadError(do(ctx, conn))
}
