package fanout_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections/fanout"
)

// startCluster starts a cluster of three servers.
func startCluster(t *testing.T) []*node {
	t.Helper()
	var nodes []*node
	var routes []string
	for i := range 3 {
		n := newNode(t)
		n.Name, n.Cluster = fmt.Sprintf("node%d", i+1), freeAddr(t)
		nodes, routes = append(nodes, n), append(routes, n.Cluster)
	}
	for _, n := range nodes {
		n.Routes = routes
		n.start(t)
	}
	return nodes
}

// leads returns the leader of the stream, or nil.
func leads(t *testing.T, js jetstream.JetStream, nodes []*node) *node {
	t.Helper()
	stream, err := js.Stream(t.Context(), fanout.Stream)
	if err != nil || stream.CachedInfo().Cluster == nil {
		return nil
	}
	i := slices.IndexFunc(nodes, func(n *node) bool { return n.Name == stream.CachedInfo().Cluster.Leader })
	if i < 0 {
		return nil
	}
	return nodes[i]
}

// whole reports whether three servers hold all of the stream.
func whole(t *testing.T, js jetstream.JetStream) bool {
	t.Helper()
	stream, err := js.Stream(t.Context(), fanout.Stream)
	if err != nil || stream.CachedInfo().Cluster == nil || stream.CachedInfo().Cluster.Leader == "" {
		return false
	}
	peers := stream.CachedInfo().Cluster.Replicas
	return len(peers) == 2 && !slices.ContainsFunc(peers, func(p *jetstream.PeerInfo) bool { return !p.Current || p.Offline })
}

func TestKilledLeadersLoseAndRepeatNoEvent(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t)
	f := setupOn(t, nodes...)
	f.follow(t, fanout.Config{Replicas: 3})
	f.grow(t, 300)
	f.requireCaughtUp(t, tenant)
	// The node that is killed first is part of the majority in the second round.
	for range 2 {
		eventually(t, "the stream is whole", func() bool { return whole(t, f.js) })
		var leader *node
		eventually(t, "the stream has a leader", func() bool { leader = leads(t, f.js, nodes); return leader != nil })
		// Kill the leader while the relay is half-way.
		f.grow(t, 2000)
		eventually(t, "deliveries are on the way", func() bool { return f.lag(t, tenant) < 2000 })
		leader.kill()
		f.grow(t, 500)
		f.requireCaughtUp(t, tenant) // by the other two
		leader.start(t)
	}
	f.grow(t, 100)
	eventually(t, "the stream is whole", func() bool { return whole(t, f.js) })
	f.requireCaughtUp(t, tenant)
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	require.Equal(t, 3, stream.CachedInfo().Config.Replicas)
}
