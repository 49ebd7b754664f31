package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/queries"
)

func startNATS(t *testing.T) *standalone.NATS {
	t.Helper()
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: t.TempDir(), Addr: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	return server
}

// serveNATS runs a server with other options than ours.
func serveNATS(t *testing.T, options *server.Options) *server.Server {
	t.Helper()
	options.Host, options.Port, options.NoSigs = "127.0.0.1", server.RANDOM_PORT, true
	s, err := server.NewServer(options)
	require.NoError(t, err)
	s.Start()
	t.Cleanup(s.Shutdown)
	require.True(t, s.ReadyForConnections(patience))
	return s
}

// jetStream connects to a server.
func jetStream(t *testing.T, server *standalone.NATS) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(server.URL())
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}

func open(t *testing.T, dsn string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// settings returns the environment of a server or projector. The database needs no password; the one here must never
// be printed.
func settings(dsn string, nats *standalone.NATS) []string {
	return []string{
		"AUREN_DB_DSN=" + dsn + "&password=s3cret", "AUREN_NATS_URL=" + strings.Replace(nats.URL(), "nats://", "nats://user:s3cret@", 1),
		"AUREN_HTTP_ADDR=127.0.0.1:0", "AUREN_DB_POOL_SIZE=10", "AUREN_DB_MAX_OVERFLOW=10",
	}
}

// remembering sends numbered memories until it is stopped. It repeats each under its own idempotency key until the
// server, whichever is running, acknowledges it.
type remembering struct {
	url     atomic.Pointer[string]
	stop    atomic.Bool
	next    atomic.Int64
	workers sync.WaitGroup

	mu    sync.Mutex
	acked map[int64]uuid.UUID
}

func (r *remembering) work() {
	for !r.stop.Load() {
		n := r.next.Add(1)
		for {
			if id, ok := r.send(n); ok {
				r.mu.Lock()
				r.acked[n] = id
				r.mu.Unlock()
				break
			}
		}
	}
}

func (r *remembering) send(n int64) (uuid.UUID, bool) {
	body := fmt.Sprintf(`{"agent_id": "agent", "user_id": "user%d", "content": {"n": %d}}`, n%3, n)
	request, err := http.NewRequest(http.MethodPost, *r.url.Load()+"/v1/memories", strings.NewReader(body))
	if err != nil {
		return uuid.Nil, false
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", fmt.Sprintf("key-%d", n))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return uuid.Nil, false
	}
	defer answer.Body.Close()
	var receipt struct{ ID uuid.UUID }
	err = json.NewDecoder(answer.Body).Decode(&receipt)
	return receipt.ID, err == nil && answer.StatusCode == http.StatusCreated
}

func (r *remembering) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.acked)
}

func TestKilledServersLoseNothingAndRepeatNothing(t *testing.T) {
	t.Parallel()
	const kills, clients, between = 20, 8, 40
	dsn, nats := pgtest.DSN(t), startNATS(t)
	env := settings(dsn, nats)
	projector := start(t, env, "projector")
	projector.Says("(projects)")

	r := &remembering{acked: map[int64]uuid.UUID{}}
	for kill := range kills + 1 {
		server := start(t, env, "server")
		address := server.url()
		r.url.Store(&address)
		if kill == 0 {
			for range clients {
				r.workers.Go(r.work)
			}
		}
		before := r.count()
		server.WaitUntil("it acknowledges under load", func() bool { return r.count() >= before+between })
		if kill < kills {
			server.Kill()
			continue
		}
		r.stop.Store(true)
		r.workers.Wait()
		server.Stop()
	}

	pool := open(t, dsn)
	events := readWholeLog(t, eventstore.NewLog(pool))
	require.Len(t, events, len(r.acked), "one event for each acknowledged command, and no others")
	inLog := map[uuid.UUID]int{}
	for i, e := range events {
		require.EqualValues(t, i+1, e.SequenceID)
		inLog[e.StreamID]++
	}
	for n, id := range r.acked {
		require.Equal(t, 1, inLog[id], "memory %d", n)
	}
	requireFold(t, pool, events)
	for _, output := range []string{projector.Stdout.String(), projector.Stderr.String()} {
		require.NotContains(t, output, "s3cret")
	}
	projector.Stop()
}

func readWholeLog(t *testing.T, log *eventstore.Log) []eventstore.Event {
	t.Helper()
	var all []eventstore.Event
	for after := int64(0); ; {
		page, err := log.ReadLog(t.Context(), "default", after, eventstore.Filter{}, 1000)
		require.NoError(t, err)
		all = append(all, page.Events...)
		if len(page.Events) < 1000 {
			return all
		}
		after = page.Next
	}
}

// requireFold compares the read model with a fold of the log.
func requireFold(t *testing.T, pool *pgxpool.Pool, events []eventstore.Event) {
	t.Helper()
	folded := map[uuid.UUID]*memory.Memory{}
	for i := range events {
		e := &events[i]
		fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
		require.NoError(t, err)
		if folded[e.StreamID] == nil {
			folded[e.StreamID] = &memory.Memory{}
		}
		folded[e.StreamID].Apply(e.StreamID, fact, e.OccurredAt)
	}
	reader := queries.New(pool, queries.Config{WaitLimit: patience})
	head := events[len(events)-1].SequenceID
	for id, m := range folded {
		read, _, err := reader.Get(t.Context(), "default", id, queries.At{MinSequenceID: head})
		require.NoError(t, err)
		s := m.Snapshot()
		require.Equal(t, s.Version, read.Version)
		require.Equal(t, string(s.State), read.State)
		require.JSONEq(t, s.Content.String(), string(read.Content))
		require.Equal(t, [3]string{s.AgentID, s.UserID, s.Type}, [3]string{read.AgentID, read.UserID, read.Type})
		require.True(t, s.CreatedAt.Equal(read.CreatedAt) && s.UpdatedAt.Equal(read.UpdatedAt))
	}
	require.Equal(t, len(folded), count(t, pool, "agent_memories"))
}

func TestALostDatabaseMakesAServerUnreadyAndNotDead(t *testing.T) {
	t.Parallel()
	database, nats := pgtest.NewServer(t), startNATS(t)
	env := append(settings(database.DSN(), nats), "AUREN_PROJECTOR_HTTP_ADDR=127.0.0.1:0")
	processes := []*process{start(t, env, "server"), start(t, env, "projector")}
	for _, p := range processes {
		p.WaitUntil("it is ready", func() bool { ok, _ := ready(p.url()); return ok })
	}
	following := start(t, []string{"AUREN_URL=" + processes[0].url()}, "replay", "--follow", "--from", "1")
	require.Equal(t, http.StatusCreated, post(t, processes[0].url()))
	following.Says("(memory_remembered)")
	require.NoError(t, database.Kill())
	following.WaitUntil("it says that it is interrupted", func() bool {
		return strings.Contains(following.Stderr.String(), "was interrupted; asking for it again\n")
	})
	for _, p := range processes {
		p.WaitUntil("it is unready", func() bool {
			ok, said := ready(p.url())
			return !ok && strings.Contains(said, `"database":"cannot be reached; the log says why"`) && strings.Contains(said, "unready")
		})
		_, said := ready(p.url())
		require.NotContains(t, said, "user=", "the answer is public")
		answer, err := http.Get(p.url() + "/health/live")
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusOK, answer.StatusCode)
	}
	require.Equal(t, http.StatusServiceUnavailable, post(t, processes[0].url()))

	database.Restart(t)
	for _, p := range processes {
		p.WaitUntil("it is ready again", func() bool { ok, _ := ready(p.url()); return ok })
	}
	require.Equal(t, http.StatusCreated, post(t, processes[0].url()))
	following.WaitUntil("it goes on", func() bool { return strings.Count(following.Stdout.String(), "memory_remembered") == 2 })
	processes[1].WaitUntil("the memory is projected", func() bool {
		return strings.Contains(must(t, "--db-dsn", database.DSN(), "recall", "x"), "observation")
	})
	for _, p := range processes {
		p.Stop()
		require.NotContains(t, p.Stdout.String()+p.Stderr.String(), "s3cret")
	}
}

func TestAServerWaitsForItsDatabaseAtTheStart(t *testing.T) {
	t.Parallel()
	database, nats := pgtest.NewServer(t), startNATS(t)
	require.NoError(t, database.Kill())
	p := start(t, settings(database.DSN(), nats), "server")
	p.WaitUntil("it says what it waits for", func() bool { return strings.Contains(p.Stderr.String(), "waiting for postgresql") })
	database.Restart(t)
	ok, said := ready(p.url())
	require.True(t, ok, said)

	require.NoError(t, database.Kill())
	impatient := start(t, append(settings(database.DSN(), nats), "AUREN_DB_WAIT=100ms"), "server")
	require.Equal(t, exitFailed, impatient.Code())
	require.Regexp(t, `(?m)^auren: PostgreSQL \(.*\) cannot be reached: .*\n\z`, impatient.Stderr.String(), "one line, at the end")
	require.NotContains(t, impatient.Stderr.String(), "s3cret")
}

func TestAProjectorWithoutNATSProjectsAndIsUnready(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	p := start(t, []string{"AUREN_DB_DSN=" + dsn, "AUREN_NATS_URL=nats://user:s3cret@127.0.0.1:1", "AUREN_PROJECTOR_HTTP_ADDR=127.0.0.1:0"}, "projector")
	address := p.url()
	must(t, "--db-dsn", dsn, "remember", "projected all the same", "--agent", "a", "--user", "u")
	p.WaitUntil("it is projected", func() bool {
		stdout, _, _ := call(t, "", "--db-dsn", dsn, "list")
		return strings.Contains(stdout, "projected all the same")
	})
	p.WaitUntil("its log says that it leaves the tenants to others", func() bool {
		return strings.Contains(p.Stderr.String(), "the tenants are left to other runners")
	})
	require.Regexp(t, "(?m)^default +fanout .*no leader: no running projector reaches NATS$", fails(t, exitFailed, "not ready", "--db-dsn", dsn, "status"))
	ok, said := ready(address)
	require.False(t, ok)
	require.Contains(t, said, `"nats"`)
	require.NotContains(t, p.Stdout.String()+p.Stderr.String()+said, "s3cret")
}

func TestServersNeedTheirSchema(t *testing.T) {
	t.Parallel()
	empty := emptyDatabase(t)
	nats := startNATS(t)
	for _, command := range []string{"server", "projector"} {
		p := start(t, settings(empty, nats), command)
		require.Equal(t, exitFailed, p.Code())
		require.Contains(t, p.Stderr.String(), "run `auren init`")
	}
}

// emptyDatabase returns a database without a schema.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	dsn := pgtest.DSN(t)
	pool := open(t, dsn)
	pgtest.Exec(t, pool, "create schema empty")
	parsed, err := url.Parse(dsn)
	require.NoError(t, err)
	query := parsed.Query()
	query.Set("search_path", "empty,public")
	parsed.RawQuery = query.Encode()
	return parsed.String()
}
