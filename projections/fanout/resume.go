package fanout

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Resume creates the stream if necessary and returns the sequence_id of the tenant's last message, or where to resume if
// there is none. It returns a *projections.TargetError if that message is not in the log.
func (r *Relay) Resume(ctx context.Context, tenant domain.Tenant, checkpoint int64) (int64, error) {
	if !r.Reachable() {
		return 0, errNotConnected
	}
	// The runner's timeout is too long to wait for a cluster that elects a leader.
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	stream, err := r.ensureStream(ctx)
	if err != nil {
		return 0, err
	}
	last, err := stream.GetLastMsgForSubject(ctx, tenantSubjects(tenant))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		r.setTail(tenant, 0)
		return r.resumeWithoutTail(ctx, stream, tenant, checkpoint)
	}
	if err != nil {
		return 0, fmt.Errorf("read the last message: %w", err)
	}
	after, err := r.find(ctx, tenant, last)
	if err != nil {
		return 0, err
	}
	r.setTail(tenant, last.Sequence)
	return after, nil
}

// find returns the sequence_id of a message's event.
func (r *Relay) find(ctx context.Context, tenant domain.Tenant, m *jetstream.RawStreamMsg) (int64, error) {
	sequenceID, err := strconv.ParseInt(m.Header.Get(headerSequenceID), 10, 64)
	if err != nil || sequenceID < 1 {
		return 0, &projections.TargetError{Err: fmt.Errorf(
			"message %d of stream %s, the last of the tenant, was not sent by a relay; remove it and restart the projectors",
			m.Sequence, Stream)}
	}
	page, err := r.log.ReadLog(ctx, tenant, sequenceID-1, eventstore.Filter{Categories: []string{eventstore.AllCategories}, Until: sequenceID}, 1)
	if err != nil {
		return 0, err
	}
	if len(page.Events) == 0 || page.Events[0].ID.String() != m.Header.Get(headerID) {
		return 0, &projections.TargetError{Err: fmt.Errorf(
			"the stream %s is at event %d, %s, which is not in the log; the last event of the log is %d: the database and the stream are "+
				"not of one history; restore the newer database, or delete the stream and restart the projectors to have it "+
				"filled from the log",
			Stream, sequenceID, m.Header.Get(headerID), page.Head)}
	}
	return sequenceID, nil
}
