package faults_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
)

// A server loses its connections all the time, before or after PostgreSQL received a message. It tells its clients when
// an outcome is unknown, and they resolve that by repeating the command with the same id.
func TestConnectionsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.projector()
	cut, dsn := newCutter(t, w.dsn)
	w.server("AUREN_DB_DSN=" + dsn)
	l := w.newLoad(domain.DefaultTenant, clients)
	l.goesOn(50)
	cut.oneIn.Store(40)
	require.Eventually(t, func() bool { return l.doubts.Load() >= 5 || t.Failed() }, patience, tick, "no commit was ever in doubt")
	l.goesOn(100)
	cut.oneIn.Store(0)
	w.check(domain.DefaultTenant, l)
	t.Logf("%d connections cut, %d commands, %d attempts repeated, %d in doubt", cut.cuts.Load(), l.count(), l.retried.Load(), l.doubts.Load())
}

// cutter is a proxy between a server and PostgreSQL. At one in oneIn of the server's messages it closes every connection;
// half of those messages are still delivered, and only the answer is lost.
type cutter struct {
	target string
	oneIn  atomic.Int64 // 0: none
	cuts   atomic.Int64
	wg     sync.WaitGroup

	mu      sync.Mutex
	clients map[net.Conn]bool
}

// newCutter returns a cutter and the DSN of the database behind it.
func newCutter(t *testing.T, dsn string) (*cutter, string) {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	socket := fmt.Sprintf(".s.PGSQL.%d", config.Port)
	c := &cutter{target: filepath.Join(config.Host, socket), clients: map[net.Conn]bool{}}
	dir := pgtest.DataDir(t)
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
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
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		c.cut()
		c.wg.Wait()
	})
	return c, fmt.Sprintf("host=%s port=%d user=%s dbname=%s", dir, config.Port, config.User, config.Database)
}

func (c *cutter) serve(client net.Conn) {
	c.mu.Lock()
	c.clients[client] = true
	c.mu.Unlock()
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", c.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	c.wg.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	for buffer := make([]byte, 64<<10); ; {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		oneIn := c.oneIn.Load()
		fatal := oneIn > 0 && rand.Int64N(oneIn) == 0
		if fatal {
			c.cut()
		}
		if fatal && rand.IntN(2) == 0 {
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil || fatal {
			return
		}
	}
}

// cut closes every connection on the side of the server.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts.Add(1)
	for client := range c.clients {
		_ = client.Close()
	}
	clear(c.clients)
}
