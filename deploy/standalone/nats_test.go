package standalone

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func startNATS(t *testing.T, dir, addr string) *NATS {
	t.Helper()
	n, err := StartNATS(NATSConfig{DataDir: dir, Addr: addr})
	require.NoError(t, err)
	t.Cleanup(n.Stop)
	return n
}

// connectNATS returns JetStream by a connection that the test ends with.
func connectNATS(t *testing.T, n *NATS) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(n.URL())
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}

func TestNATSKeepsItsStreamsOverAStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	n := startNATS(t, dir, "127.0.0.1:0")
	js := connectNATS(t, n)
	_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "KEPT", Subjects: []string{"kept"}})
	require.NoError(t, err)
	_, err = js.Publish(ctx, "kept", make([]byte, 2*mib))
	require.NoError(t, err)
	n.Stop()

	n = startNATS(t, dir, "127.0.0.1:-1")
	stream, err := connectNATS(t, n).Stream(ctx, "KEPT")
	require.NoError(t, err)
	message, err := stream.GetLastMsgForSubject(ctx, "kept")
	require.NoError(t, err)
	require.Len(t, message.Data, 2*mib)
}

func TestTakenNATSAddressNamesTheSetting(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = StartNATS(NATSConfig{DataDir: t.TempDir(), Addr: taken.Addr().String()})
	require.ErrorContains(t, err, "address already in use; choose another address with AUREN_NATS_ADDR")

	_, err = StartNATS(NATSConfig{DataDir: t.TempDir(), Addr: "nowhere"})
	require.ErrorContains(t, err, "AUREN_NATS_ADDR")
}

func TestSecondNATSOnOneStoreIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startNATS(t, dir, "127.0.0.1:0")
	_, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
	require.ErrorContains(t, err, fmt.Sprintf("AUREN is already running on %s (pid %d)", dir, os.Getpid()))
}

func TestNATSThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/nats", []byte("a file"), 0o600))
	_, err := StartNATS(NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
	require.ErrorContains(t, err, "nats: ")
	require.NoError(t, os.Remove(dir+"/nats"))
	startNATS(t, dir, "127.0.0.1:0") // the lock was freed
}
