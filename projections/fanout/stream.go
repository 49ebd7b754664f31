package fanout

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// dedupWindow is how long the server remembers message ids.
const dedupWindow = 2 * time.Minute

// codeNoReplicas is the error code of a single server that is asked for replicas.
const codeNoReplicas = 10074

// ensureStream returns the stream. It creates it, or updates its configuration, if necessary.
func (r *Relay) ensureStream(ctx context.Context) (jetstream.Stream, error) {
	stream, err := r.js.Stream(ctx, Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = r.js.CreateStream(ctx, r.configure(jetstream.StreamConfig{Name: Stream, FirstSeq: firstSequence()}))
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another relay was faster
			stream, err = r.js.Stream(ctx, Stream)
		}
	}
	if err == nil {
		present := stream.CachedInfo().Config
		if wanted := r.configure(present); !reflect.DeepEqual(present, wanted) {
			stream, err = r.js.UpdateStream(ctx, wanted)
		}
	}
	if refused, ok := errors.AsType[*jetstream.APIError](err); ok && refused.ErrorCode == codeNoReplicas {
		return nil, fmt.Errorf("stream %s: AUREN_NATS_REPLICAS must be 1 for a NATS server that is not in a cluster, got %d: %w", Stream, r.config.Replicas, err)
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", Stream, err)
	}
	if !stream.CachedInfo().Config.AllowAtomicPublish {
		return nil, fmt.Errorf("stream %s: the server does not support atomic batches; use nats-server 2.12 or newer", Stream)
	}
	return stream, nil
}

// firstSequence returns the first sequence of a new stream: beyond all sequences of earlier streams, so that the server
// rejects a relay that still knows a tail of one. JSON represents these numbers exactly for 200 years.
func firstSequence() uint64 { return uint64(max(time.Now().UnixMicro(), 1)) }

// configure sets the relay's own settings and keeps the operator's.
func (r *Relay) configure(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.Subjects = []string{subjects}
	c.MaxAge, c.MaxBytes, c.Replicas = r.config.MaxAge, r.config.MaxBytes, r.config.Replicas
	c.Duplicates = min(dedupWindow, r.config.MaxAge)
	c.AllowAtomicPublish = true
	c.Discard = jetstream.DiscardOld
	return c
}
