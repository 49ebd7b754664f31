package fanout

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Name is what the checkpoint is filed under.
const Name = "fanout"

// What the stream keeps where nothing else is configured.
const (
	DefaultMaxAge   = 7 * 24 * time.Hour
	DefaultMaxBytes = 1 << 30
)

// Config tunes a Relay; its zero value works.
type Config struct {
	// After is the projection that must have applied an event first; default agent_memories.
	After string
	// MaxAge is how long the stream keeps a message; default DefaultMaxAge.
	MaxAge time.Duration
	// MaxBytes is how much the stream keeps, the oldest messages leaving first; default DefaultMaxBytes.
	MaxBytes int64
	// Replicas is how many servers of a cluster keep the stream: 1, 3 or 5; default 1.
	Replicas int
	// Timeout bounds the publishing of a batch, and finding out where to resume; default 5 s.
	Timeout time.Duration
}

// Relay is the projections.Sink that publishes events to JetStream. It is safe for concurrent use with different
// tenants.
type Relay struct {
	pool   *pgxpool.Pool
	store  *eventstore.Store
	conn   *nats.Conn
	js     jetstream.JetStream
	config Config

	mu    sync.Mutex
	tails map[domain.Tenant]uint64
	// emptied is when the stream was last found without any message, by the database's clock.
	emptied time.Time
}

// New makes a relay. The pool and the connection stay the caller's to close. The connection should reconnect
// without an end; until it is there, deliveries fail and are tried again.
func New(pool *pgxpool.Pool, store *eventstore.Store, conn *nats.Conn, config Config) (*Relay, error) {
	if config.After == "" {
		config.After = "agent_memories"
	}
	if config.MaxAge == 0 {
		config.MaxAge = DefaultMaxAge
	}
	if config.MaxBytes == 0 {
		config.MaxBytes = DefaultMaxBytes
	}
	if config.Replicas == 0 {
		config.Replicas = 1
	}
	if config.Timeout == 0 {
		config.Timeout = 5 * time.Second
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(config.Timeout))
	if err != nil {
		return nil, fmt.Errorf("fan-out: %w", err)
	}
	return &Relay{pool: pool, store: store, conn: conn, js: js, config: config, tails: map[domain.Tenant]uint64{}}, nil
}

// Name returns Name.
func (*Relay) Name() string { return Name }

// Version returns 1.
func (*Relay) Version() int { return 1 }

// Categories returns nil: the events of memories are delivered.
func (*Relay) Categories() []string { return nil }

// After returns Config.After.
func (r *Relay) After() string { return r.config.After }

// Reachable tells whether the connection is there.
func (r *Relay) Reachable() bool { return r.conn.IsConnected() }

// Resume makes sure that the stream is there and returns the sequence_id of the tenant's last message, or where
// to begin again where it has none. A last message that the log does not hold is a *projections.TargetError.
func (r *Relay) Resume(ctx context.Context, tenant domain.Tenant, checkpoint int64) (int64, error) {
	if !r.Reachable() {
		return 0, errNotConnected
	}
	// The runner's own bound is that of a whole turn: waiting that long for a cluster that elects a leader is too long.
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

// find returns the sequence_id of the event that a message was made of.
func (r *Relay) find(ctx context.Context, tenant domain.Tenant, m *jetstream.RawStreamMsg) (int64, error) {
	sequenceID, err := strconv.ParseInt(m.Header.Get(headerSequenceID), 10, 64)
	if err != nil || sequenceID < 1 {
		return 0, &projections.TargetError{Err: fmt.Errorf(
			"message %d of stream %s, the last of the tenant, was not sent by a relay; remove it and restart the projectors",
			m.Sequence, Stream)}
	}
	page, err := r.store.ReadLog(ctx, tenant, sequenceID-1, eventstore.Filter{Until: sequenceID}, 1)
	if err != nil {
		return 0, err
	}
	if len(page.Events) == 0 || page.Events[0].ID.String() != m.Header.Get(headerID) {
		return 0, &projections.TargetError{Err: fmt.Errorf(
			"the stream %s is at event %d, %s, which is not in the log, whose last is %d: the database and the stream are "+
				"not of one history; restore the newer database, or delete the stream and restart the projectors to have it "+
				"filled from the log",
			Stream, sequenceID, m.Header.Get(headerID), page.Head)}
	}
	return sequenceID, nil
}

func (r *Relay) tail(tenant domain.Tenant) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tails[tenant]
}

func (r *Relay) setTail(tenant domain.Tenant, tail uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tails[tenant] = tail
}
