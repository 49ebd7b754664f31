package world

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

// Broker is an embedded NATS server that a world ends with.
type Broker struct {
	Conn *nats.Conn
	Js   jetstream.JetStream
}

// StartBroker starts a NATS server that ends with the world.
func (w *World) StartBroker() (*Broker, error) {
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: w.config.Dir, Addr: "127.0.0.1:0", Log: w.config.Log})
	if err != nil {
		return nil, err
	}
	w.AtEnd(server.Stop)
	conn, err := nats.Connect(server.URL(), nats.Name(ApplicationName))
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	w.AtEnd(conn.Close)
	js, err := jetstream.New(conn)
	return &Broker{conn, js}, err
}

// Relay makes a runner of its own that fans out what was projected.
func (w *World) Relay(nats *Broker) (*runner.Runner, error) {
	relay, err := fanout.New(w.Pool, w.EventLog, nats.Conn, fanout.Config{})
	if err != nil {
		return nil, err
	}
	return runner.NewSink(w.Pool, w.EventLog, w.ProjectNews, runner.Config{Log: w.config.Log}, relay), nil
}

// DeleteStream removes a stream, which need not be there.
func (n *Broker) DeleteStream(ctx context.Context, name string) error {
	err := n.Js.DeleteStream(ctx, name)
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("delete stream %s: %w", name, err)
	}
	return nil
}
