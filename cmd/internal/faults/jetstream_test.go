package faults_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections/fanout"
)

// JetStream is killed, rolled back, purged and deleted while two projectors relay two tenants to it.
func TestJetStreamBroken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server()
	w.projector()
	w.projector()
	north, south := w.newLoad("north", 2), w.newLoad("south", 2)
	relayed := func() {
		t.Helper()
		north.goesOn(30)
		south.goesOn(30)
		w.requireCaughtUp("north", w.head("north"))
		w.requireCaughtUp("south", w.head("south"))
	}
	js := w.jetstream()
	relayed()

	w.broker.Kill()
	north.goesOn(30) // the log does not wait for the fan-out
	w.broker.start()
	relayed()

	w.broker.Kill()
	former := t.TempDir()
	require.NoError(t, os.CopyFS(former, os.DirFS(w.broker.dir)))
	w.broker.start()
	relayed()
	w.broker.Kill()
	require.NoError(t, os.RemoveAll(w.broker.dir))
	require.NoError(t, os.CopyFS(w.broker.dir, os.DirFS(former)))
	w.broker.start()
	relayed()

	stream, err := js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	require.NoError(t, stream.Purge(t.Context()))
	relayed()

	require.NoError(t, js.DeleteStream(t.Context(), fanout.Stream))
	relayed()

	north.stop()
	south.stop()
	for _, l := range []*load{north, south} {
		w.check(l.tenant, l)
	}
}
