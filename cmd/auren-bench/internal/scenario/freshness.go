package scenario

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/queries"
)

// patience is how long something that must come is waited for.
const patience = time.Minute

// benchFreshness measures how soon after its commit a change is seen: by a subscriber, and by its own writer.
// Everything that a projector runs is running.
func benchFreshness(ctx context.Context, b *run) error {
	a := newAppending(b)
	seen, err := a.project(ctx)
	if err != nil {
		return err
	}
	return b.Compare(ctx, measure.Result{Case: "one at a time"},
		measure.Floor("event store, one append", "events", b.repeat(func(ctx context.Context) (time.Duration, error) {
			at := time.Now()
			err := a.append(ctx, 0)
			return time.Since(at), err
		})),
		measure.Subject("commit → NATS message", "messages", b.repeat(func(ctx context.Context) (time.Duration, error) {
			receipt, err := a.Handler.Remember(ctx, world.Request, a.memory(0))
			if err != nil {
				return 0, err
			}
			committed := time.Now()
			arrived, err := seen.wait(ctx, receipt.SequenceID)
			// A message can outrun the answer to its own command.
			return max(arrived.Sub(committed), 0), err
		})),
		measure.Subject("remember → get with min_sequence_id", "reads", b.repeat(func(ctx context.Context) (time.Duration, error) {
			receipt, err := a.Handler.Remember(ctx, world.Request, a.memory(0))
			if err != nil {
				return 0, err
			}
			committed := time.Now()
			_, _, err = a.Reader.Get(ctx, world.Tenant, receipt.ID, queries.At{MinSequenceID: receipt.SequenceID})
			return time.Since(committed), err
		})))
}

// repeat does something for a while and counts what it says to have lasted.
func (b *run) repeat(do func(ctx context.Context) (time.Duration, error)) func(context.Context) (measure.Sample, error) {
	return func(ctx context.Context) (m measure.Sample, err error) {
		for began := time.Now(); m.Count == 0 || time.Since(began) < b.Duration; m.Count++ {
			lasted, err := do(ctx)
			if err != nil {
				return m, err
			}
			m.Latencies = append(m.Latencies, lasted)
			m.Took += lasted
		}
		return m, nil
	}
}

// project runs what a projector runs until the world ends, and a subscriber.
func (a *appending) project(ctx context.Context) (*subscriber, error) {
	nats, err := a.StartBroker()
	if err != nil {
		return nil, err
	}
	relay, err := a.Relay(nats)
	if err != nil {
		return nil, err
	}
	stop := a.Project(ctx, relay.Run)
	a.AtEnd(func() { _ = stop() }) // they report no error
	if err := a.append(ctx, 0); err != nil {
		return nil, err
	}
	stream, err := awaitStream(ctx, nats.Js)
	if err != nil {
		return nil, err
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	s := &subscriber{news: make(chan struct{}, 1)}
	consuming, err := consumer.Consume(s.receive)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	a.AtEnd(consuming.Stop)
	return s, nil
}

// awaitStream returns the stream once the relay has made it.
func awaitStream(ctx context.Context, js jetstream.JetStream) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		stream, err := js.Stream(ctx, fanout.Stream)
		if err == nil {
			return stream, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the fan-out: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// subscriber knows the last event it was told of, and when; events come in order.
type subscriber struct {
	mu         sync.Mutex
	sequenceID int64
	at         time.Time
	news       chan struct{}
}

func (s *subscriber) receive(message jetstream.Msg) {
	now := time.Now()
	sequenceID, _ := strconv.ParseInt(message.Headers().Get("ce-sequenceid"), 10, 64) // 0 is nobody's
	s.mu.Lock()
	s.sequenceID, s.at = sequenceID, now
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// wait returns when the message of an event came, which must be the last event there is.
func (s *subscriber) wait(ctx context.Context, sequenceID int64) (time.Time, error) {
	late := time.After(patience)
	for {
		s.mu.Lock()
		last, at := s.sequenceID, s.at
		s.mu.Unlock()
		if last == sequenceID {
			return at, nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-late:
			return time.Time{}, fmt.Errorf("no message of event %d came in %s", sequenceID, patience)
		case <-s.news:
		}
	}
}
