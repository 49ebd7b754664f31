package scenario

import (
	"context"
	"fmt"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/eventstore"
)

// serversClients is how many clients there are, whatever the number of servers among which they are divided.
const serversClients = 100

// appendServers is how many servers append to one log at once; the first is the floor.
var appendServers = []int{1, 2, 4}

// benchServers measures what it costs that several servers append to one log: each has a store, and connections, of its own,
// and knows of the others only by the lock of the log.
func (a *appending) benchServers(ctx context.Context) (measure.Result, error) {
	handlers := []*commands.Handler{a.Handler}
	for range appendServers[len(appendServers)-1] - 1 {
		handler, err := a.anotherServer(ctx)
		if err != nil {
			return measure.Result{}, err
		}
		handlers = append(handlers, handler)
	}
	var sides []measure.Task
	for _, n := range appendServers {
		kind, name := measure.Subject, fmt.Sprintf("commands, %d servers", n)
		if n == 1 {
			kind, name = measure.Floor, "commands, 1 server"
		}
		sides = append(sides, kind(name, "events", func(ctx context.Context) (measure.Sample, error) {
			return measure.Load(ctx, serversClients, a.Duration, func(ctx context.Context, client int) error {
				return a.sendTo(ctx, handlers[client%n], world.Request, client)
			})
		}))
	}
	return a.Compare(ctx, measure.Result{Case: fmt.Sprintf("%d clients, one log", serversClients)}, sides...)
}

// anotherServer is what a process of its own would have for commands. A store holds one connection for each log at a time.
func (b *run) anotherServer(ctx context.Context) (*commands.Handler, error) {
	pool, err := database.Open(ctx, database.Config{DSN: b.DSN, Name: world.ApplicationName, Size: 1}, b.Log)
	if err != nil {
		return nil, err
	}
	store := eventstore.New(pool, eventstore.Config{})
	b.AtEnd(func() {
		store.Close()
		pool.Close()
	})
	return commands.New(store, commands.Config{}), nil
}
