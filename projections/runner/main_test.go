package runner

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// fixture is a database with a projection that records every event it applies.
type fixture struct {
	pool    *pgxpool.Pool
	log     *eventstore.Log
	writer  *writer.Writer
	watcher *eventstore.Watcher
}

func setup(t *testing.T) fixture {
	t.Helper()
	pool := pgtest.New(t)
	// Without a key: an event that is applied twice is recorded twice, in the order of n.
	pgtest.Exec(t, pool, "create table applied (n bigserial, tenant_id text, sequence_id bigint, number bigint)")
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	return fixture{pool: pool, log: log, writer: appends, watcher: eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop())}
}

// onItsOwnPool returns the fixture on a pool that the test closes: that waits for the connections of cancelled
// statements, which goleak would report as leaks.
func (f fixture) onItsOwnPool(t *testing.T, application string) fixture {
	t.Helper()
	config := f.pool.Config()
	config.ConnConfig.RuntimeParams["application_name"] = application
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	return fixture{
		pool: pool, log: eventstore.NewLog(pool), writer: writer.New(pool, writer.Config{}),
		watcher: eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop()),
	}
}

func (f fixture) runner(config Config) *Runner {
	return New(f.pool, f.log, f.watcher, config, diary{})
}

// append appends an event with each payload to a new stream.
func (f fixture) append(t *testing.T, tenant domain.Tenant, payloads ...string) {
	t.Helper()
	w := eventstore.StreamAppend{StreamID: uuid.New(), AgentID: "coach", UserID: "ana"}
	for _, p := range payloads {
		w.Events = append(w.Events, eventstore.NewEvent{
			ID: uuid.New(), Type: "noted", SchemaVersion: 1, Payload: canonjson.MustParse(p), OccurredAt: time.Now(),
			Meta: domain.Meta{Actor: "test"},
		})
	}
	_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{w}})
	require.NoError(t, err)
}

// applied lists the sequence_ids in the order in which they were applied.
func (f fixture) applied(t *testing.T, tenant domain.Tenant) []int64 {
	t.Helper()
	return pgtest.Rows[int64](t, f.pool, "select sequence_id from applied where tenant_id = $1 order by n", tenant)
}

func (f fixture) status(t *testing.T, tenant domain.Tenant) projections.Status {
	t.Helper()
	all, err := projections.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	for _, s := range all {
		if s.Tenant == tenant {
			return s
		}
	}
	t.Fatalf("no status of tenant %s", tenant)
	return projections.Status{}
}

// expire lets all leases expire.
func (f fixture) expire(t *testing.T) {
	t.Helper()
	pgtest.Exec(t, f.pool, "update projection_checkpoints set lease_until = clock_timestamp() - interval '1 s'")
}

func upTo(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}

// diary writes a row for each event. The payload "poison" cannot be prepared; "bad" is refused by the database.
type diary struct{ mended bool }

func (diary) Name() string     { return "diary" }
func (diary) Version() int     { return 1 }
func (diary) Tables() []string { return []string{"applied"} }
func (diary) Schema() string   { return "" }

func (diary) Categories() []string { return nil }

func (d diary) Prepare(_ context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	for _, e := range events {
		if string(e.Payload) == `"poison"` {
			return nil, &projections.PoisonError{SequenceID: e.SequenceID, Err: errors.New("is poison")}
		}
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		for _, e := range events {
			number := "1"
			if string(e.Payload) == `"bad"` && !d.mended {
				number = "no number"
			}
			_, err := tx.Exec(ctx, "insert into applied (tenant_id, sequence_id, number) values ($1, $2, $3::text::bigint)",
				tenant, e.SequenceID, number)
			if err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// unit returns the unit of a runner's only subscription.
func (r *Runner) unit(tenant domain.Tenant) *unit { return r.units.of(r.subscriptions[0], tenant) }
