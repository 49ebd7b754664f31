package writer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// cutter stands between a pool and PostgreSQL and cuts a connection at its next commit.
type cutter struct {
	before, after atomic.Bool // cut before the commit is passed on, or after it and before the answer
	meanwhile     func()      // happens while it cuts before; default nothing
	// late passes on what it cuts before, a moment later.
	late   atomic.Bool
	at     []byte // what it cuts at
	target string
	wg     sync.WaitGroup
}

// newCutter returns a pool whose connections go through the cutter.
func newCutter(t *testing.T, dsn string) (*cutter, *pgxpool.Pool) {
	t.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	port := config.ConnConfig.Port
	// Every append of events ends with a commit in the message that inserts, which is told by the agent of all events here.
	c := &cutter{at: []byte(agent), target: filepath.Join(config.ConnConfig.Host, fmt.Sprintf(".s.PGSQL.%d", port))}

	dir, err := os.MkdirTemp("", "cut") //nolint:usetesting // the path of a test's own is too long for a socket
	require.NoError(t, err)
	listener, err := net.Listen("unix", filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d", port)))
	require.NoError(t, err)
	c.wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			c.wg.Go(func() { c.serve(client) })
		}
	})
	config.ConnConfig.Host = dir
	config.ConnConfig.Fallbacks = nil
	config.MaxConns = 5
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		pool.Close()
		require.NoError(t, listener.Close())
		c.wg.Wait()
		require.NoError(t, os.RemoveAll(dir))
	})
	return c, pool
}

// behindCutter returns a store whose connections go through a cutter.
func behindCutter(t *testing.T, dsn string) (*cutter, logStore) {
	t.Helper()
	cut, pool := newCutter(t, dsn)
	store := newStore(t, pool, writer.Config{})
	return cut, store
}

func (c *cutter) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", c.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var silent atomic.Bool
	c.wg.Go(func() {
		defer func() { _ = client.Close() }()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil || silent.Load() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], c.at) {
			if c.before.CompareAndSwap(true, false) {
				if c.late.Load() {
					_ = client.Close()
				}
				if c.meanwhile != nil {
					c.meanwhile()
				}
				if c.late.Load() {
					_, _ = server.Write(buffer[:n])
					_ = server.SetReadDeadline(time.Now().Add(time.Second))
					_, _ = io.Copy(io.Discard, server)
				}
				return
			}
			if c.after.CompareAndSwap(true, false) {
				silent.Store(true)
			}
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestAConnectionLostAtTheCommit(t *testing.T) {
	t.Parallel()
	cut, store := behindCutter(t, pgtest.DSN(t))
	require.NoError(t, store.appendOne(t))

	cut.before.Store(true)
	err := store.appendOne(t)
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	require.Equal(t, domain.Unavailable, domain.KindOf(err))
	require.Len(t, requireChain(t, store), 1, "nothing was written")

	cut.after.Store(true)
	require.NoError(t, store.appendOne(t), "the store finds out that the commit took place")
	require.False(t, cut.after.Load())
	require.Len(t, requireChain(t, store), 2)

	cut.after.Store(true)
	c := writes(uuid.New(), eventstore.Any) // only a command id is written
	c.ID = "nothing"
	store.add(t, c)
	cut.after.Store(false)
	require.Len(t, requireChain(t, store), 2)
}

// A refused assumption is part of normal operation; a lost connection at that point is not.
func TestAConnectionLostAfterARefusal(t *testing.T) {
	t.Parallel()
	recorded := one()
	recorded.ID = "k"
	for name, refused := range map[string]eventstore.Command{
		"conflict": writes(recorded.Writes[0].StreamID, eventstore.None, `{}`), "duplicate": recorded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			_, first := behindCutter(t, dsn)
			first.add(t, recorded)

			cut, store := behindCutter(t, dsn)
			cut.at = []byte("rollback")
			cut.before.Store(true)
			_, err := store.Append(t.Context(), refused)
			require.False(t, cut.before.Load())
			require.ErrorIs(t, err, eventstore.ErrUnavailable)
			require.Equal(t, domain.Unavailable, domain.KindOf(err))
			store.add(t, refused)
			require.Len(t, requireChain(t, store), 1)
		})
	}
}

// Each connection of the pool may be one that was lost at a commit.
func TestALostCommitIsFoundOutWithTheOnlyConnection(t *testing.T) {
	t.Parallel()
	cut, pool := newCutter(t, pgtest.DSN(t))
	config := pool.Config()
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	store := newStore(t, pool, writer.Config{})
	for range 2 { // with the lock and without
		cut.after.Store(true)
		store.add(t, one())
		require.False(t, cut.after.Load())
		store.add(t, one())
	}
	require.Len(t, requireChain(t, store), 4)
}

// The same command through another process leaves an event with the same id, which says nothing of what else was lost.
func TestALostBatchIsNotTakenForThatOfAnother(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	cut, store := behindCutter(t, dsn)
	other := newLink(t, dsn).store
	stream := uuid.New()
	store.add(t, writes(stream, eventstore.None, `{}`))
	same := func() eventstore.Command {
		c := one()
		c.ID = "same"
		return c
	}
	cut.meanwhile = func() {
		other.add(t, same())
	}
	cut.before.Store(true)
	_, err := store.Append(t.Context(), same())
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	require.Len(t, requireChain(t, store), 2)
	r := store.add(t, same())
	require.True(t, r.Duplicate)
}

// What was sent without the lock may reach the server after it was found not to be there.
func TestWhatIsUnavailableIsNotWrittenLater(t *testing.T) {
	t.Parallel()
	cut, store := behindCutter(t, pgtest.DSN(t))
	for range 3 { // from the second on, it is optimistic
		store.add(t, one())
	}
	answered := make(chan struct{})
	cut.meanwhile = func() { <-answered }
	cut.late.Store(true)
	cut.before.Store(true)
	_, err := store.Append(t.Context(), one())
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	close(answered)
	for range 20 { // it would be there by now
		_, _ = store.Head(t.Context(), tenant)
	}
	require.Len(t, requireChain(t, store), 3)
}

// lostRecord is a store whose first row of a command is lost, and another that writes one before this is found out.
type lostRecord struct {
	store, other logStore
	stream       uuid.UUID
	pool         *pgxpool.Pool
	ofOther      chan error
}

// loseRecord makes a lostRecord, whose other store says the assertion of an id and a fingerprint.
func loseRecord(t *testing.T, id string, fingerprint byte) *lostRecord {
	t.Helper()
	dsn := pgtest.DSN(t)
	cut, store := behindCutter(t, dsn)
	l := &lostRecord{store: store, other: newLink(t, dsn).store, stream: uuid.New(), ofOther: make(chan error, 1)}
	var err error
	l.pool, err = pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(l.pool.Close)
	store.add(t, writes(l.stream, eventstore.None, `{}`))
	cut.at = []byte(`"writes"`)
	cut.meanwhile = func() { // the store has the lock, the other waits for it
		go func() {
			_, err := l.other.Append(t.Context(), l.assertion(id, fingerprint))
			l.ofOther <- err
		}()
		waitForLocks(t, l.pool, 1)
	}
	cut.before.Store(true)
	return l
}

// assertion is a command that leaves no event.
func (l *lostRecord) assertion(id string, fingerprint byte) eventstore.Command {
	c := writes(l.stream, eventstore.Any)
	c.ID, c.Fingerprint = id, eventstore.Hash{fingerprint}
	return c
}

// A row of the same id, of another process, is not that of a lost one.
func TestALostRecordIsNotTakenForThatOfAnother(t *testing.T) {
	t.Parallel()
	l := loseRecord(t, "k", 2)
	_, err := l.store.Append(t.Context(), l.assertion("k", 1))
	if <-l.ofOther == nil {
		require.Error(t, err, "two bodies under one id")
	}
}

// Nor does the first row of a batch, that another process wrote, tell of the others.
func TestALostBatchIsNotTakenForWhatAnotherRecordedOfIt(t *testing.T) {
	t.Parallel()
	l := loseRecord(t, "a", 1)
	_, answers := inOneBatch(t, l.pool, l.store, l.assertion("a", 1), l.assertion("b", 1))
	require.NoError(t, <-l.ofOther)
	for i, id := range []string{"a", "b"} {
		_, recorded, err := l.other.Outcome(t.Context(), tenant, id, eventstore.Hash{1})
		require.NoError(t, err)
		require.Equal(t, id == "a", recorded)
		require.ErrorIs(t, answers[i], eventstore.ErrUnavailable, id)
	}
}

// ErrUnavailable promises that nothing was written.
func TestAnUnknownOutcomeIsNotUnavailable(t *testing.T) {
	t.Parallel()
	l := newLink(t, pgtest.DSN(t))
	l.store.add(t, one())
	l.cut.after.Store(true)
	l.refusals.Store(1)
	err := l.store.appendOne(t)
	require.ErrorIs(t, err, eventstore.ErrOutcomeUnknown)
	require.Len(t, requireChain(t, l.store), 2, "it was written")
	require.NotErrorIs(t, err, eventstore.ErrUnavailable)
}

// PostgreSQL is killed again and again under load: what was acknowledged is in the log, once.
func TestKillingPostgreSQLLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	pool, err := pgxpool.New(t.Context(), server.DSN())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	store := newStore(t, pool, writer.Config{})

	ctx, stop := context.WithCancel(t.Context())
	acknowledged := make([][]uuid.UUID, 8)
	var refused atomic.Int64
	var wg sync.WaitGroup
	for i := range acknowledged {
		wg.Go(func() {
			for ctx.Err() == nil {
				c := one()
				_, err := store.Append(ctx, c)
				switch {
				case err == nil:
					acknowledged[i] = append(acknowledged[i], c.Writes[0].StreamID)
				case domain.KindOf(err) == domain.Unavailable:
					refused.Add(1)
				case ctx.Err() == nil:
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		before, err := store.Head(ctx, tenant)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			head, err := store.Head(ctx, tenant)
			return err == nil && head.SequenceID > before.SequenceID+50
		}, time.Minute, time.Millisecond)
		server.Restart(t)
	}
	stop()
	wg.Wait()
	inLog := map[uuid.UUID]int{}
	for _, e := range requireChain(t, store) {
		inLog[e.StreamID]++
	}
	total := 0
	for _, ids := range acknowledged {
		for _, id := range ids {
			require.Equal(t, 1, inLog[id])
			total++
		}
	}
	t.Logf("%d acknowledged, %d in the log, %d refused", total, len(inLog), refused.Load())
}
