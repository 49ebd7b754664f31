package fanout_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// asNode is the variable that turns the test binary into a NATS server, which tests can kill and suspend.
const asNode = "AUREN_TEST_AS_NODE"

func TestMain(m *testing.M) {
	if raw := os.Getenv(asNode); raw != "" {
		if err := serve(raw); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	pgtest.Main(m)
}

// node is a NATS server in a process of its own.
type node struct {
	Name     string
	Addr     string
	StoreDir string
	// MaxStore is how many bytes JetStream may store.
	MaxStore int64
	// Cluster is the node's address within a cluster, Routes are those of the other nodes.
	Cluster string
	Routes  []string

	cmd  *exec.Cmd
	stop io.Closer
}

func newNode(t *testing.T) *node {
	t.Helper()
	n := &node{Name: "one", Addr: freeAddr(t), StoreDir: t.TempDir(), MaxStore: 8 << 30}
	t.Cleanup(n.kill)
	return n
}

// freeAddr returns an unused address. A node keeps its address over a restart.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// serve runs the server until stdin ends, as it does however the tests end.
func serve(raw string) error {
	var n node
	if err := json.Unmarshal([]byte(raw), &n); err != nil {
		return err
	}
	addr, err := net.ResolveTCPAddr("tcp", n.Addr)
	if err != nil {
		return err
	}
	options := &server.Options{
		ServerName: n.Name, Host: addr.IP.String(), Port: addr.Port, NoSigs: true, MaxPayload: 8 << 20,
		JetStream: true, StoreDir: n.StoreDir, JetStreamMaxStore: n.MaxStore, JetStreamMaxMemory: 64 << 20,
	}
	if n.Cluster != "" {
		at, err := net.ResolveTCPAddr("tcp", n.Cluster)
		if err != nil {
			return err
		}
		options.Cluster = server.ClusterOpts{Name: "three", Host: at.IP.String(), Port: at.Port}
		for _, route := range n.Routes {
			options.Routes = append(options.Routes, &url.URL{Scheme: "nats", Host: route})
		}
	}
	s, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.Start()
	_, err = io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
	s.WaitForShutdown()
	return err
}

func (n *node) url() string { return "nats://" + n.Addr }

func (n *node) start(t *testing.T) {
	t.Helper()
	raw, err := json.Marshal(n)
	require.NoError(t, err)
	n.cmd = exec.Command(os.Args[0])
	n.cmd.Env = append(os.Environ(), asNode+"="+string(raw))
	n.cmd.Stderr = os.Stderr
	n.stop, err = n.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, n.cmd.Start())
}

// end shuts the server down gracefully.
func (n *node) end(t *testing.T) {
	t.Helper()
	require.NoError(t, n.stop.Close())
	require.NoError(t, n.cmd.Wait())
	n.cmd = nil
}

func (n *node) kill() {
	if n.cmd == nil {
		return
	}
	n.signal(syscall.SIGKILL)
	_ = n.cmd.Wait() // reports that it was killed
	n.cmd = nil
}

func (n *node) signal(s syscall.Signal) { _ = n.cmd.Process.Signal(s) }

// connectTo returns a connection that retries the nodes for ever.
func connectTo(t *testing.T, nodes ...*node) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	var urls []string
	for _, n := range nodes {
		urls = append(urls, n.url())
	}
	conn, err := nats.Connect(strings.Join(urls, ","), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(20*time.Millisecond), nats.Timeout(time.Second), nats.FlusherTimeout(time.Second),
		// The requests themselves return these errors.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return conn, js
}
