package writer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// Whatever clients of two stores do at once to a few logs, while connections are lost, is what they could have seen
// one after the other. AUREN_TEST_SEED repeats the choices of an earlier run, though not its timing.
func TestTheLogIsLinearizable(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("AUREN_TEST_SEED"), 10, 64); err == nil {
		seed = given
	}
	dsn := pgtest.DSN(t)
	links := []*link{newLink(t, dsn), newLink(t, dsn)}
	ctx, stop := context.WithCancel(t.Context())
	var disturbing sync.WaitGroup
	disturbing.Go(func() { disturb(ctx, rand.New(rand.NewPCG(seed, 0)), links) })

	count := map[string]int{}
	deadline := time.Now().Add(checkFor())
	for round := uint64(1); time.Now().Before(deadline) && !t.Failed(); round++ {
		history := concurrentHistory(t, links, seed, round)
		for _, o := range history {
			count[fmt.Sprintf("%T → %T", o.Input, o.Output)]++
		}
		result, info := porcupine.CheckOperationsVerbose(logModel, history, time.Minute)
		if result != porcupine.Ok {
			picture := filepath.Join(t.ArtifactDir(), "history.html")
			require.NoError(t, porcupine.VisualizePath(logModel, info, picture))
			t.Errorf("round %d of seed %d is %s; see %s (kept with -artifacts)", round, seed, result, picture)
		}
	}
	stop()
	disturbing.Wait()
	t.Logf("seed %d: %v", seed, count)
}

// checkFor is how long histories are made and checked: 5 s, 2 s with -short, or AUREN_TEST_SECONDS.
func checkFor() time.Duration {
	switch {
	case os.Getenv("AUREN_TEST_SECONDS") != "":
		return runFor()
	case testing.Short():
		return 2 * time.Second
	}
	return 5 * time.Second
}

// link is a store behind a cutter. Where a commit is cut, the next acquires can be refused as well, so that the store
// cannot find out what became of it.
type link struct {
	store    logStore
	cut      *cutter
	refusals atomic.Int64
}

func newLink(t *testing.T, dsn string) *link {
	t.Helper()
	cut, pool := newCutter(t, dsn)
	l := &link{cut: cut}
	config := pool.Config()
	config.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) {
		if !cut.before.Load() && !cut.after.Load() && l.refusals.Add(-1) >= 0 {
			return true, io.ErrUnexpectedEOF
		}
		return true, nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	// Small batches, so that commands wait for each other.
	l.store = logStore{eventstore.NewLog(pool), writer.NewTest(pool, writer.Config{MaxBatch: 4}, writer.AlwaysOptimistic)}
	return l
}

// disturb cuts a commit every few milliseconds until ctx ends.
func disturb(ctx context.Context, rng *rand.Rand, links []*link) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(2+rng.IntN(20)) * time.Millisecond):
		}
		l := links[rng.IntN(len(links))]
		switch rng.IntN(4) {
		case 0:
			l.cut.before.Store(true)
		case 1:
			l.cut.after.Store(true)
		case 2:
			l.cut.before.Store(true)
			l.refusals.Store(4)
		case 3:
			l.cut.after.Store(true)
			l.refusals.Store(4)
		}
	}
}

// concurrentHistory lets eight clients work at once on two logs that nobody used before, and reads them at the end.
func concurrentHistory(t *testing.T, links []*link, seed, round uint64) []porcupine.Operation {
	t.Helper()
	tenants := []domain.Tenant{domain.Tenant(fmt.Sprintf("a%d", round)), domain.Tenant(fmt.Sprintf("b%d", round))}
	streams := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	start := time.Now()
	clients := make([]*client, 8)
	var working sync.WaitGroup
	for i := range clients {
		c := &client{
			t: t, number: i, store: links[i%len(links)].store, start: start, streams: streams,
			rng: rand.New(rand.NewPCG(seed, round<<8+uint64(i))), seen: map[readStream]int{}, exact: round%2 == 0,
		}
		clients[i] = c
		working.Go(func() {
			for range 50 {
				c.work(t.Context(), tenants[c.rng.IntN(len(tenants))])
			}
		})
	}
	working.Wait()
	var history []porcupine.Operation
	for _, tenant := range tenants {
		last := &client{t: t, number: len(clients), store: links[0].store, start: start}
		for len(last.history) == 0 && !t.Failed() {
			last.readLog(t.Context(), tenant)
		}
		history = append(history, last.history...)
	}
	inTheEnd := map[string]place{}
	for _, o := range history {
		for _, p := range o.Output.([]place) {
			inTheEnd[p.payload] = p
		}
	}
	for _, c := range clients {
		history = append(history, withFound(c.history, inTheEnd)...)
	}
	return history
}

// withFound fills in what is found of the appends whose outcome is unknown; else there were too many ways to check.
// One of which nothing is found did nothing, for a command id is only left beside an event.
func withFound(history []porcupine.Operation, inTheEnd map[string]place) []porcupine.Operation {
	var explained []porcupine.Operation
	for _, o := range history {
		if _, ok := o.Output.(found); ok {
			var events found
			for _, w := range o.Input.(appendCommand).Writes {
				for _, e := range w.Events {
					if p, ok := inTheEnd[e.Payload.String()]; ok {
						events = append(events, p)
					}
				}
			}
			if len(events) == 0 {
				continue
			}
			o.Output = events
		}
		explained = append(explained, o)
	}
	return explained
}

// client does one thing after the other and writes down what it did and saw.
type client struct {
	t       *testing.T
	number  int
	store   logStore
	start   time.Time
	streams []uuid.UUID
	rng     *rand.Rand
	seen    map[readStream]int // the versions that it knows of
	exact   bool               // appends events to streams that are where it saw them last, and nothing else
	history []porcupine.Operation
}

func (c *client) work(ctx context.Context, tenant domain.Tenant) {
	stream := c.streams[c.rng.IntN(len(c.streams))]
	switch c.rng.IntN(10) {
	case 0:
		c.readLog(ctx, tenant)
	case 1:
		c.record(readHead{tenant}, func() (any, error) {
			head, err := c.store.Head(ctx, tenant)
			return head.SequenceID, err
		})
	case 2, 3:
		c.record(readStream{tenant, stream}, func() (any, error) {
			events, _, err := c.store.ReadStream(ctx, tenant, stream, 1, eventstore.Forwards, math.MaxInt32)
			c.seen[readStream{tenant, stream}] = len(events)
			return placesOf(events), err
		})
	default:
		c.append(ctx, tenant)
	}
}

func (c *client) readLog(ctx context.Context, tenant domain.Tenant) {
	c.record(readLog{tenant}, func() (any, error) {
		page, err := c.store.ReadLog(ctx, tenant, 0, eventstore.Filter{}, math.MaxInt32)
		return placesOf(page.Events), err
	})
}

func (c *client) append(ctx context.Context, tenant domain.Tenant) {
	command := eventstore.Command{Tenant: tenant}
	fewest := 0 // events: with none, a write only asserts the version
	if c.rng.IntN(3) == 0 {
		command.ID = strconv.Itoa(c.rng.IntN(20))
		command.Fingerprint = eventstore.Hash{byte(c.rng.IntN(8) / 7)} // the other one, seldom
		fewest = 1                                                     // see withFound
	}
	for range 1 + c.rng.IntN(2) {
		stream := c.streams[c.rng.IntN(len(c.streams))]
		expected := []int{eventstore.None, eventstore.Any, c.seen[readStream{tenant, stream}]}[c.rng.IntN(3)]
		if c.exact {
			expected, fewest = c.seen[readStream{tenant, stream}], 1
		}
		// Each event can be told from all others by its payload: two attempts at one command have one mark.
		payloads := []string{`"` + uuid.NewString() + `"`, `"` + uuid.NewString() + `"`}[:fewest+c.rng.IntN(3-fewest)]
		command.Writes = append(command.Writes, writes(stream, expected, payloads...).Writes...)
	}
	if c.rng.IntN(8) == 0 {
		impatient, cancel := context.WithTimeout(ctx, time.Duration(c.rng.IntN(2000))*time.Microsecond)
		defer cancel()
		ctx = impatient
	}
	c.record(appendCommand{command}, func() (any, error) {
		result, err := c.store.Append(ctx, command)
		for _, w := range result.Writes {
			c.seen[readStream{tenant, w.StreamID}] = w.Version
		}
		return result, err
	})
}

// record leaves out what promises that it wrote nothing: if it did write, the rest of the history gives it away.
func (c *client) record(input any, do func() (any, error)) {
	called := time.Since(c.start).Nanoseconds()
	output, err := do()
	returned := time.Since(c.start).Nanoseconds()
	switch {
	case err == nil:
	case errors.Is(err, eventstore.ErrReused):
		output = reused{}
	case errors.Is(err, eventstore.ErrOutcomeUnknown):
		output, returned = found(nil), math.MaxInt64
	case errors.Is(err, eventstore.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return
	default:
		c.t.Errorf("%+v: %v", input, err)
		return
	}
	c.history = append(c.history, porcupine.Operation{
		ClientId: c.number, Input: input, Output: output, Call: called, Return: returned,
	})
}
