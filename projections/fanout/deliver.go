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
	// batchMessages and batchBytes bound one atomic batch. The server creates a store for each and accepts 1,000 messages.
	batchMessages = 1000
	batchBytes    = 8 << 20

	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"

	// codeBatchDuplicate is the error code for a batch with a message id that the server has seen.
	codeBatchDuplicate = 10201
)

// errDuplicate means that the server has seen a message id before.
var errDuplicate = errors.New("the server remembers a message id that the stream no longer holds")

// Deliver publishes the events in atomic batches, each on condition that the tenant's tail is where this relay left it.
// After an error, the stream holds nothing of the current batch or, if only the acknowledgement was lost, all of it.
func (r *Relay) Deliver(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) error {
	failpoint.Reached(failpoint.RelayRead)
	for len(events) > 0 {
		batch, err := newBatch(events, int(r.conn.MaxPayload()))
		if err != nil {
			return err
		}
		err = r.publish(ctx, tenant, batch)
		if errors.Is(err, errDuplicate) {
			// The stream was purged within its deduplication window. The condition on the tail suffices by itself.
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

// newBatch makes messages of at most limit bytes from as many events as fit in one batch.
func newBatch(events []eventstore.Event, limit int) (batch []*nats.Msg, err error) {
	for bytes := 0; len(batch) < min(len(events), batchMessages) && bytes < batchBytes; {
		e := &events[len(batch)]
		m, err := newMessage(e, limit)
		if err != nil {
			return nil, &projections.PoisonError{SequenceID: e.SequenceID, Err: err}
		}
		batch, bytes = append(batch, m), bytes+len(m.Data)
	}
	return batch, nil
}

// publish publishes one batch and advances the tail.
func (r *Relay) publish(ctx context.Context, tenant domain.Tenant, batch []*nats.Msg) error {
	if !r.Reachable() {
		return errNotConnected
	}
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	setBatchHeaders(batch, tenant, r.tail(tenant))
	for i, m := range batch[:len(batch)-1] {
		if i == len(batch)/2 {
			failpoint.Reached(failpoint.RelayHalfway)
		}
		if err := r.conn.PublishMsg(m); err != nil {
			return err
		}
	}
	reply, err := r.conn.RequestMsgWithContext(ctx, batch[len(batch)-1])
	if err != nil {
		return err
	}
	failpoint.Reached(failpoint.RelayPublished)
	tail, err := readAck(reply.Data)
	if err != nil {
		return err
	}
	r.setTail(tenant, tail)
	failpoint.Reached(failpoint.RelayAcknowledged)
	return nil
}

// setBatchHeaders makes the messages one atomic batch, on condition that the tenant's tail has not moved.
func setBatchHeaders(batch []*nats.Msg, tenant domain.Tenant, tail uint64) {
	id, place := uuid.NewString(), strconv.FormatUint(tail, 10)
	for i, m := range batch {
		// On every message, so that the whole batch is guarded until its last message is stored on every replica.
		m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{place}
		m.Header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{tenantSubjects(tenant)}
		if len(batch) > 1 {
			m.Header[headerBatchID] = []string{id}
			m.Header[headerBatchSequence] = []string{strconv.Itoa(i + 1)}
		}
	}
	if len(batch) > 1 {
		batch[len(batch)-1].Header[headerBatchCommit] = []string{"1"}
	}
}

// readAck returns the stream sequence of a batch's last message.
func readAck(reply []byte) (tail uint64, err error) {
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		jetstream.PubAck
	}
	if err := json.Unmarshal(reply, &ack); err != nil {
		return 0, fmt.Errorf("read the acknowledgement: %w", err)
	}
	switch {
	case ack.Error != nil && ack.Error.ErrorCode == codeBatchDuplicate, ack.Error == nil && ack.Duplicate:
		return 0, errDuplicate
	case ack.Error != nil:
		return 0, ack.Error
	case ack.Stream != Stream || ack.Sequence == 0:
		return 0, fmt.Errorf("acknowledged by stream %q, expected %s", ack.Stream, Stream)
	}
	return ack.Sequence, nil
}
