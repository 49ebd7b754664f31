package fanout

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// Name is the sink's name.
const Name = "fanout"

// errNotConnected keeps messages out of the client's reconnect buffer: they would be stale when the connection is back.
var errNotConnected = errors.New("not connected to NATS")

// The defaults of Config.
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
	// MaxBytes is how much the stream keeps; it drops the oldest messages first; default DefaultMaxBytes.
	MaxBytes int64
	// Replicas is how many servers of a cluster keep the stream: 1, 3 or 5; default 1.
	Replicas int
	// Timeout bounds the publishing of a batch, and a Resume; default 5 s.
	Timeout time.Duration
}

// Relay is the projections.Sink that publishes events to JetStream. It is safe for concurrent use with different
// tenants.
type Relay struct {
	pool   *pgxpool.Pool
	log    *eventstore.Log
	conn   *nats.Conn
	js     jetstream.JetStream
	config Config

	mu sync.Mutex
	// tails are the stream sequences of each tenant's last message.
	tails map[domain.Tenant]uint64
	// emptied is when the stream was last found empty, by the database's clock.
	emptied time.Time
}

// New makes a relay. The caller closes the pool and the connection. The connection should reconnect for ever; while it
// is down, deliveries fail and the runner retries them.
func New(pool *pgxpool.Pool, log *eventstore.Log, conn *nats.Conn, config Config) (*Relay, error) {
	config.After = cmp.Or(config.After, "agent_memories")
	config.MaxAge = cmp.Or(config.MaxAge, DefaultMaxAge)
	config.MaxBytes = cmp.Or(config.MaxBytes, DefaultMaxBytes)
	config.Replicas = cmp.Or(config.Replicas, 1)
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(config.Timeout))
	if err != nil {
		return nil, fmt.Errorf("fan-out: %w", err)
	}
	return &Relay{pool: pool, log: log, conn: conn, js: js, config: config, tails: map[domain.Tenant]uint64{}}, nil
}

// Name returns Name.
func (*Relay) Name() string { return Name }

// Version returns 1.
func (*Relay) Version() int { return 1 }

// Categories returns nil: the relay delivers the events of memories.
func (*Relay) Categories() []string { return nil }

// After returns Config.After.
func (r *Relay) After() string { return r.config.After }

// Reachable reports whether the connection is up.
func (r *Relay) Reachable() bool { return r.conn.IsConnected() }

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
