package eventstore

import (
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/auren-memory/auren/domain"
)

// Config tunes a Store; its zero value works.
type Config struct {
	// MaxBatch is how many events one transaction carries at most; default 500.
	MaxBatch int
	// MaxBatchBytes is how many bytes of payload one transaction carries at most; default 16 MiB.
	MaxBatchBytes int
	// MaxWaiting is how many commands of one tenant may wait for their turn; default 10,000.
	MaxWaiting int
	// Timeout bounds one transaction, from the acquiring of its connection to the commit; default 15 s.
	Timeout time.Duration
	// Appended is told of each transaction before its commands have their answers, and of each repeated command that
	// Outcome finds, possibly by several goroutines at once; default nobody.
	Appended func(AppendStats)
	// Tracer makes the span of each command's waiting, and of each transaction that has a traced command in it;
	// default none.
	Tracer trace.Tracer
}

// Store reads and appends. It is safe for concurrent use.
type Store struct {
	pool   *pgxpool.Pool
	config Config
	// newChain is always newChain, but where a benchmark measures what it costs.
	newChain func(createdAt time.Time) chain
	// gatherFor and pessimism are always those constants, but in tests.
	gatherFor, pessimism time.Duration

	mu      sync.Mutex
	writers map[domain.Tenant]*writer
	running sync.WaitGroup
}

// New makes a store on a pool, which stays the caller's to close, after every Append has returned. The default isolation of its
// connections must be read committed; under a stricter one appends of several processes fail.
func New(pool *pgxpool.Pool, config Config) *Store {
	if config.MaxBatch == 0 {
		config.MaxBatch = 500
	}
	if config.MaxBatchBytes == 0 {
		config.MaxBatchBytes = 16 << 20
	}
	if config.MaxWaiting == 0 {
		config.MaxWaiting = 10_000
	}
	if config.Timeout == 0 {
		config.Timeout = 15 * time.Second
	}
	if config.Tracer == nil {
		config.Tracer = noop.Tracer{}
	}
	return &Store{
		pool: pool, config: config, newChain: newChain, gatherFor: gatherFor, pessimism: pessimism,
		writers: map[domain.Tenant]*writer{},
	}
}
