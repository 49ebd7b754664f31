package scenario

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

// broker is an embedded NATS server that a world ends with.
type broker struct {
	conn *nats.Conn
	js   jetstream.JetStream
}

func (b *run) startBroker() (*broker, error) {
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: filepath.Join(b.Dir, b.scenario), Addr: "127.0.0.1:0", Log: b.Log})
	if err != nil {
		return nil, err
	}
	b.atEnd(server.Stop)
	conn, err := nats.Connect(server.URL(), nats.Name(applicationName))
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	b.atEnd(conn.Close)
	js, err := jetstream.New(conn)
	return &broker{conn, js}, err
}

// relay makes a runner of its own that fans out what was projected.
func (b *run) relay(nats *broker) (*runner.Runner, error) {
	relay, err := fanout.New(b.pool, b.store, nats.conn, fanout.Config{})
	if err != nil {
		return nil, err
	}
	return runner.NewSink(b.pool, b.store, b.projectNews, runner.Config{Log: b.Log}, relay), nil
}

// deleteStream removes a stream, which need not be there.
func (n *broker) deleteStream(ctx context.Context, name string) error {
	err := n.js.DeleteStream(ctx, name)
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("delete stream %s: %w", name, err)
	}
	return nil
}
