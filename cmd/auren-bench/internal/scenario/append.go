package scenario

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

var appendClients = []int{1, 8, 32, 100, 1000}

// appendSides is how many sides benchAppend has.
const appendSides = 7

// The floors write the same event, with a key and without any of the guarantees. That of the second is what most
// event stores do.
const (
	createBareEvents = `
create table auren_bench.bare_events (
    tenant_id varchar(63) not null, sequence_id bigint generated always as identity, event_id uuid not null,
    stream_id uuid not null, version int not null, event_type text not null, agent_id varchar(100) not null,
    user_id varchar(255) not null, payload json not null, metadata json not null, occurred_at timestamptz not null,
    created_at timestamptz not null default now(), primary key (tenant_id, sequence_id))`
	createVersionedEvents = `create table auren_bench.versioned_events (like auren_bench.bare_events including all, unique (tenant_id, stream_id, version))`

	insertBareEvent = `
insert into auren_bench.bare_events (tenant_id, event_id, stream_id, version, event_type, agent_id, user_id, payload, metadata, occurred_at)
values ($1, $2, $3, 1, 'memory_remembered', $4, $5, $6, '{"actor":"anonymous"}', $7)`
	readVersion          = `select coalesce(max(version), 0) from auren_bench.versioned_events where tenant_id = $1 and stream_id = $2`
	insertVersionedEvent = `
insert into auren_bench.versioned_events (tenant_id, event_id, stream_id, version, event_type, agent_id, user_id, payload, metadata, occurred_at)
values ($1, $2, $3, $8, 'memory_remembered', $4, $5, $6, '{"actor":"anonymous"}', $7)`
)

// appending is what the sides of append have in common: the same memories, ready made.
type appending struct {
	*run
	contents []canonjson.Value
	payloads []string
	events   []memory.Encoded
	bodies   [][]byte

	url    string
	client *http.Client
}

const appendAgent = "coach"

func newAppending(b *run) *appending {
	a := &appending{run: b}
	t := world.NewTexts()
	for n := range 1000 {
		content := t.Content(n)
		a.contents = append(a.contents, content)
		a.events = append(a.events, memory.Encode(memory.Remembered{Fields: memory.Fields{
			AgentID: appendAgent, UserID: world.User, Type: memory.DefaultType, Content: content, Confidence: memory.DefaultConfidence,
			Metadata: canonjson.EmptyObject(),
		}}))
		a.payloads = append(a.payloads, fmt.Sprintf(`{"agent_id":%q,"user_id":%q,"memory_type":"observation","content":%s,"confidence":0.5,"metadata":{},"expires_at":null}`,
			appendAgent, world.User, content))
		a.bodies = append(a.bodies, fmt.Appendf(nil, `{"agent_id":%q,"user_id":%q,"content":%s}`, appendAgent, world.User, content))
	}
	return a
}

// benchAppend measures the three ways in: the store, the commands on it, and HTTP on those.
func benchAppend(ctx context.Context, b *run) error {
	if err := b.Exec(ctx, createBareEvents, createVersionedEvents); err != nil {
		return err
	}
	a := newAppending(b)
	if err := a.serve(ctx); err != nil {
		return err
	}
	for _, clients := range appendClients {
		with := func(do measure.Operation) func(context.Context) (measure.Sample, error) {
			return measure.Load(clients, b.Duration, do)
		}
		name := fmt.Sprintf("%d clients", clients)
		if clients == 1 {
			name = "1 client"
		}
		err := b.Compare(ctx, measure.Result{Case: name, Axis: "clients", At: clients},
			measure.Floor("bare INSERT, one transaction each", "events", with(a.insert)),
			measure.Floor("BEGIN, SELECT max, INSERT, COMMIT", "events", with(a.insertVersioned)),
			measure.Subject("event store", "events", with(a.append)),
			measure.Subject("commands", "events", with(a.remember(a.Handler, false))),
			measure.Subject("commands with an id each", "events", with(a.remember(a.Handler, true))),
			measure.Subject("HTTP", "events", with(a.post(false))),
			measure.Subject("HTTP with an Idempotency-Key each", "events", with(a.post(true))),
		)
		if err != nil {
			return err
		}
	}
	return a.benchServers(ctx)
}

// newID is an id as the handlers make them and clients are told to: of all sides alike.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// pick gives each client memories of its own, as long as there are enough.
func pick[E any](from []E, client int) E { return from[client%len(from)] }

func (a *appending) insert(ctx context.Context, client int) error {
	_, err := a.Pool.Exec(ctx, insertBareEvent, world.Tenant, newID(), newID(), appendAgent, world.User, pick(a.payloads, client), time.Now())
	return err
}

func (a *appending) insertVersioned(ctx context.Context, client int) error {
	stream := newID()
	return pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		var version int
		if err := tx.QueryRow(ctx, readVersion, world.Tenant, stream).Scan(&version); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertVersionedEvent, world.Tenant, newID(), stream, appendAgent, world.User, pick(a.payloads, client), time.Now(), version+1)
		return err
	})
}

func (a *appending) append(ctx context.Context, client int) error {
	e := pick(a.events, client)
	_, err := a.Writer.Append(ctx, eventstore.Command{Tenant: world.Tenant, Writes: []eventstore.StreamAppend{{
		StreamID: newID(), Expected: eventstore.None, AgentID: appendAgent, UserID: world.User,
		Events: []eventstore.NewEvent{{
			ID: newID(), Type: "memory_remembered", SchemaVersion: e.SchemaVersion, Payload: e.Payload, Contents: e.Contents, OccurredAt: time.Now(),
		}},
	}}})
	return err
}

// remember sends commands to a handler; withID gives each an id.
func (a *appending) remember(handler *commands.Handler, withID bool) measure.Operation {
	return func(ctx context.Context, client int) error {
		r := world.Request
		if withID {
			r.Meta.CommandID = newID().String()
		}
		_, err := handler.Remember(ctx, r, a.memory(client))
		return err
	}
}

func (a *appending) memory(client int) commands.Remember {
	return commands.Remember{Draft: memory.Draft{AgentID: appendAgent, UserID: world.User, Content: pick(a.contents, client)}}
}

// serve starts the HTTP API on a loopback address until the world ends.
func (a *appending) serve(ctx context.Context) error {
	service := api.New(api.Deps{Commands: a.Handler, Queries: a.Reader, Log: a.EventLog, LogWatcher: a.LogNews})
	server := httpapi.New(service, httpapi.Operations{}, httpapi.Config{Addr: "127.0.0.1:0"})
	addr, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	stop := a.Start(ctx, server.Run)
	a.url = "http://" + addr.String() + "/v1/memories"
	transport := &http.Transport{MaxIdleConnsPerHost: appendClients[len(appendClients)-1]}
	a.client = &http.Client{Transport: transport}
	a.AtEnd(func() {
		transport.CloseIdleConnections()
		_ = stop() // what was under way has been measured
	})
	return nil
}

// post sends HTTP requests; withKey gives each an idempotency key.
func (a *appending) post(withKey bool) measure.Operation {
	return func(ctx context.Context, client int) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(pick(a.bodies, client)))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		if withKey {
			r.Header.Set("Idempotency-Key", newID().String())
		}
		answer, err := a.client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if err == nil && answer.StatusCode != http.StatusCreated {
			err = fmt.Errorf("%s: %s", answer.Status, said)
		}
		return err
	}
}

// serversClients is how many clients there are, whatever the number of servers among which they are divided.
const serversClients = 100

// appendServers is how many servers append to one log at once; the first is the floor.
var appendServers = []int{1, 2, 4}

// benchServers measures what it costs that several servers append to one log: each has a store, and connections, of its own,
// and knows of the others only by the lock of the log.
func (a *appending) benchServers(ctx context.Context) error {
	handlers := []*commands.Handler{a.Handler}
	for range appendServers[len(appendServers)-1] - 1 {
		handler, err := a.anotherServer(ctx)
		if err != nil {
			return err
		}
		handlers = append(handlers, handler)
	}
	var sides []measure.Task
	for _, n := range appendServers {
		kind, name := measure.Subject, fmt.Sprintf("commands, %d servers", n)
		if n == 1 {
			kind, name = measure.Floor, "commands, 1 server"
		}
		sides = append(sides, kind(name, "events", measure.Load(serversClients, a.Duration, func(ctx context.Context, client int) error {
			return a.remember(handlers[client%n], false)(ctx, client)
		})))
	}
	return a.Compare(ctx, measure.Result{Case: fmt.Sprintf("%d clients, one log", serversClients)}, sides...)
}

// anotherServer is what a process of its own would have for commands. A store holds one connection for each log at a time.
func (b *run) anotherServer(ctx context.Context) (*commands.Handler, error) {
	pool, err := database.Open(ctx, database.Config{DSN: b.DSN, Name: world.ApplicationName, Size: 1}, b.Log)
	if err != nil {
		return nil, err
	}
	appends := writer.New(pool, writer.Config{})
	b.AtEnd(func() {
		appends.Close()
		pool.Close()
	})
	return commands.New(eventstore.NewLog(pool), appends, commands.Config{}), nil
}
