package scenario

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/fanout"
)

const (
	bareStream  = "AUREN_BENCH"
	bareSubject = "bench.events"
	// barePending is how many messages the floor has in flight.
	barePending = 256

	forgetFanoutCheckpoint = `delete from projection_checkpoints where projection = 'fanout'`
)

// benchFanout relays events to JetStream, beside a publisher that has nothing to keep in order and nothing to read.
func benchFanout(ctx context.Context, b *run) error {
	if err := b.Remember(ctx, world.EvenScopes(b.Events/10, max(b.Events/10/smallScope, 1))); err != nil {
		return err
	}
	if err := b.Runner(agentmemories.Projection{}).CatchUp(ctx); err != nil {
		return err
	}
	broker, err := b.StartBroker()
	if err != nil {
		return err
	}
	messages, err := b.bareMessages(ctx)
	if err != nil {
		return err
	}
	return b.Compare(ctx, measure.Result{Case: "the log to JetStream", Axis: "events", At: len(messages)},
		measure.Floor("bare publisher, 256 in flight, deduplicated", "messages", func(ctx context.Context) (measure.Sample, error) {
			if err := freshStream(ctx, broker); err != nil {
				return measure.Sample{}, err
			}
			return measure.Timed(len(messages), func() error { return publishAll(ctx, broker, messages) })
		}),
		measure.Subject("fan-out", "messages", func(ctx context.Context) (measure.Sample, error) {
			if err := broker.DeleteStream(ctx, fanout.Stream); err != nil {
				return measure.Sample{}, err
			}
			if err := b.Exec(ctx, forgetFanoutCheckpoint); err != nil {
				return measure.Sample{}, err
			}
			relay, err := b.Relay(broker)
			if err != nil {
				return measure.Sample{}, err
			}
			return measure.Timed(len(messages), func() error { return relay.CatchUp(ctx) })
		}))
}

// bareMessages has what the fan-out sends of each event as its body.
func (b *run) bareMessages(ctx context.Context) (messages []*nats.Msg, err error) {
	for after := int64(0); ; {
		page, err := b.EventLog.ReadLog(ctx, world.Tenant, after, eventstore.Filter{}, pageOfLog)
		if err != nil || len(page.Events) == 0 {
			return messages, err
		}
		for i := range page.Events {
			body, err := json.Marshal(&page.Events[i])
			if err != nil {
				return nil, err
			}
			messages = append(messages, &nats.Msg{
				Subject: bareSubject, Data: body, Header: nats.Header{jetstream.MsgIDHeader: {page.Events[i].ID.String()}},
			})
		}
		after = page.Next
	}
}

func freshStream(ctx context.Context, n *world.Broker) error {
	if err := n.DeleteStream(ctx, bareStream); err != nil {
		return err
	}
	_, err := n.Js.CreateStream(ctx, jetstream.StreamConfig{Name: bareStream, Subjects: []string{bareSubject}, Storage: jetstream.FileStorage})
	return err
}

// publishAll publishes and waits until all is acknowledged.
func publishAll(ctx context.Context, n *world.Broker, messages []*nats.Msg) error {
	js, err := jetstream.New(n.Conn, jetstream.WithPublishAsyncMaxPending(barePending))
	if err != nil {
		return err
	}
	answers := make([]jetstream.PubAckFuture, len(messages))
	for i, m := range messages {
		if answers[i], err = js.PublishMsgAsync(m); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
	for _, answer := range answers {
		select {
		case <-answer.Ok():
		case err := <-answer.Err():
			return fmt.Errorf("publish: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
