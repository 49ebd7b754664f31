package fanout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

const (
	// batchMessages and batchBytes bound one atomic batch. The server makes a store for each and takes 1,000 messages.
	batchMessages = 1000
	batchBytes    = 8 << 20

	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"

	// codeBatchDuplicate is the server's refusal of a batch that holds a message id it has seen.
	codeBatchDuplicate = 10201
)

// errNotConnected keeps messages out of the buffer that the connection sends from once it is back: by then they are
// due no more.
var errNotConnected = errors.New("not connected to NATS")

// errDuplicate says that the server takes a message for one that it has already.
var errDuplicate = errors.New("the server remembers a message id that the stream no longer holds")

// Deliver publishes the events in atomic batches, each on condition that the tenant's tail is where this relay
// left it. After an error, nothing of the batch at hand is in the stream or, if only the answer was lost, all of it.
func (r *Relay) Deliver(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) error {
	failpoint.Reached(failpoint.RelayRead)
	limit := int(r.conn.MaxPayload())
	for len(events) > 0 {
		var batch []*nats.Msg
		for bytes := 0; len(batch) < min(len(events), batchMessages) && bytes < batchBytes; {
			e := &events[len(batch)]
			m, err := newMessage(e, limit)
			if err != nil {
				return &projections.PoisonError{SequenceID: e.SequenceID, Err: err}
			}
			batch, bytes = append(batch, m), bytes+len(m.Data)
		}
		err := r.publish(ctx, tenant, batch)
		if errors.Is(err, errDuplicate) {
			// The stream was purged within the window of its memory. The condition on the tail alone is enough.
			for _, m := range batch {
				delete(m.Header, jetstream.MsgIDHeader)
			}
			err = r.publish(ctx, tenant, batch)
		}
		if err != nil {
			return fmt.Errorf("publish %d messages: %w", len(batch), err)
		}
		events = events[len(batch):]
	}
	return nil
}

// publish publishes one batch and moves the tail.
func (r *Relay) publish(ctx context.Context, tenant domain.Tenant, batch []*nats.Msg) error {
	if !r.Reachable() {
		return errNotConnected
	}
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	id, tail := uuid.NewString(), strconv.FormatUint(r.tail(tenant), 10)
	for i, m := range batch {
		// On every message, so that the whole batch is guarded until its last message is stored on every replica.
		m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{tail}
		m.Header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{tenantSubjects(tenant)}
		if len(batch) > 1 {
			m.Header[headerBatchID] = []string{id}
			m.Header[headerBatchSequence] = []string{strconv.Itoa(i + 1)}
		}
	}
	last := batch[len(batch)-1]
	for i, m := range batch[:len(batch)-1] {
		if i == len(batch)/2 {
			failpoint.Reached(failpoint.RelayHalfway)
		}
		if err := r.conn.PublishMsg(m); err != nil {
			return err
		}
	}
	if len(batch) > 1 {
		last.Header[headerBatchCommit] = []string{"1"}
	}
	reply, err := r.conn.RequestMsgWithContext(ctx, last)
	if err != nil {
		return err
	}
	failpoint.Reached(failpoint.RelayPublished)
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		jetstream.PubAck
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil {
		return fmt.Errorf("read the acknowledgement: %w", err)
	}
	switch {
	case ack.Error != nil && ack.Error.ErrorCode == codeBatchDuplicate, ack.Error == nil && ack.Duplicate:
		return errDuplicate
	case ack.Error != nil:
		return ack.Error
	case ack.Stream != Stream || ack.Sequence == 0:
		return fmt.Errorf("acknowledged by stream %q, expected %s", ack.Stream, Stream)
	}
	r.setTail(tenant, ack.Sequence)
	failpoint.Reached(failpoint.RelayAcknowledged)
	return nil
}
