package faults_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/eventstore"
)

// world holds the servers and processes that one test breaks.
type world struct {
	t       *testing.T
	program string
	dsn     string
	broker  *broker
	pool    *pgxpool.Pool // of the test itself
	log     *eventstore.Log

	mu      sync.Mutex
	servers map[*process]string // their URLs
}

// newWorld makes a world in which processes are broken, on a database of its own.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, pgtest.DSN(t))
}

// newWorldOn makes a world on a database server that the test breaks, too.
func newWorldOn(t *testing.T, dsn string) *world {
	t.Helper()
	w := &world{t: t, dsn: dsn, broker: newBroker(t), servers: map[*process]string{}}
	var err error
	w.program, err = program()
	require.NoError(t, err)
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	config.MaxConns = 5
	w.pool, err = pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	w.log = eventstore.NewLog(w.pool)
	t.Cleanup(w.pool.Close)
	w.broker.start()
	return w
}

// start starts the program in this world, with further settings.
func (w *world) start(env []string, args ...string) *process {
	w.t.Helper()
	return start(w.t, w.program, append([]string{
		"AUREN_DB_DSN=" + w.dsn, "AUREN_NATS_URL=nats://" + w.broker.addr, "AUREN_HTTP_ADDR=127.0.0.1:0",
		"AUREN_DB_POOL_SIZE=10", "AUREN_DB_MAX_OVERFLOW=10",
	}, env...), args...)
}

// at returns the setting that makes a process do something the nth time it reaches a point.
func at(p failpoint.Point, nth int, action string) string {
	return fmt.Sprintf("AUREN_FAILPOINT=%d:%d:%s", p, nth, action)
}

// server starts a server; clients send to it until it ends.
func (w *world) server(env ...string) *process {
	w.t.Helper()
	p := w.start(env, "server")
	url := p.Says(`(http://127\.0\.0\.1:\d+)`)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.servers[p] = url
	return p
}

// urls returns the URLs of the running servers.
func (w *world) urls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var urls []string
	for p, url := range w.servers {
		select {
		case <-p.Ended():
			delete(w.servers, p)
		default:
			urls = append(urls, url)
		}
	}
	return urls
}

// projector starts a projector.
func (w *world) projector(env ...string) *process {
	w.t.Helper()
	p := w.start(env, "projector")
	p.Says("(projects)")
	return p
}

// run runs a command to its end and returns its output.
func (w *world) run(args ...string) (stdout, stderr string, ok bool) {
	w.t.Helper()
	p := w.start(nil, args...)
	err := p.Wait()
	return p.Stdout.String(), p.Stderr.String(), err == nil
}

// expireLeases expires the leases of a killed holder at once.
func (w *world) expireLeases() {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), "update projection_checkpoints set lease_until = '-infinity'")
	require.NoError(w.t, err)
}

func (w *world) jetstream() jetstream.JetStream {
	w.t.Helper()
	conn, err := nats.Connect("nats://"+w.broker.addr, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1))
	require.NoError(w.t, err)
	w.t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(w.t, err)
	return js
}

func (w *world) head(tenant domain.Tenant) int64 {
	w.t.Helper()
	head, err := w.log.Head(w.t.Context(), tenant)
	require.NoError(w.t, err)
	return head.SequenceID
}

// postmaster returns the process id of a server.
func postmaster(t *testing.T, server *pgtest.Server) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.AdminDSN())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var pid int
	const read = `select split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int`
	require.NoError(t, conn.QueryRow(t.Context(), read).Scan(&pid))
	return pid
}

// broker is a NATS server in a process of its own, always at the same address and on the same data.
type broker struct {
	t    *testing.T
	dir  string
	addr string
	*process
}

// newBroker chooses an address. Its port is below those that the system gives to connections: one of these could take
// it while the broker is down.
func newBroker(t *testing.T) *broker {
	t.Helper()
	for {
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		if free, err := net.Listen("tcp", addr); err == nil {
			require.NoError(t, free.Close())
			return &broker{t: t, dir: t.TempDir(), addr: addr}
		}
	}
}

func (b *broker) start() {
	b.t.Helper()
	self, err := os.Executable()
	require.NoError(b.t, err)
	b.process = start(b.t, self, []string{natsDir + "=" + b.dir, natsAddr + "=" + b.addr})
	b.Says("(ready)")
}

// patience bounds what a test waits for; the machine may be busy with other tests.
const (
	patience = time.Minute
	tick     = 10 * time.Millisecond
	logged   = 4000 // bytes of what each process said
)

// program builds the binary with failpoints, once.
var program = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs("../../../bin/auren-failpoints")
	if err != nil {
		return "", err
	}
	said, err := exec.Command("go", "build", "-buildvcs=false", "-tags", "failpoints", "-o", path, "../../auren").CombinedOutput()
	if err != nil {
		return "", errors.New(string(said))
	}
	return path, nil
})

// process is one that the tests start and break.
type process struct {
	*proctest.Process
	t *testing.T
}

func start(t *testing.T, program string, env []string, args ...string) *process {
	t.Helper()
	return &process{proctest.Start(t, proctest.Config{Program: program, Args: args, Env: env, Patience: patience}), t}
}

// reached waits until the failpoint of the process is reached.
func (p *process) reached() {
	p.t.Helper()
	p.WaitUntil("its failpoint is reached", p.hasReached)
}

func (p *process) hasReached() bool { return strings.Contains(p.Stderr.String(), "failpoint") }

// died waits until the process has been killed by its failpoint.
func (p *process) died() {
	p.t.Helper()
	err := p.Wait()
	require.True(p.t, p.hasReached(), "it did not end at its failpoint: %v\n%s", err, &p.Stderr)
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(p.t, ok, "%v", err)
	require.Equal(p.t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
}
