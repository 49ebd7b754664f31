package stack

import (
	"context"
	"os/user"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpclient"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Door is the way of a command that works with memories: to the server that is named, or else to the database itself.
type Door struct {
	api.Door
	// Remote is the server; nil where the door is in this process.
	Remote *httpclient.Client
	close  func()
}

// OpenDoor opens the door; name tells the database which command it is. Close it.
func (s *Settings) OpenDoor(ctx context.Context, name string) (*Door, error) {
	if s.Config.URL != "" {
		remote, err := httpclient.Open(ctx, httpclient.Config{URL: s.Config.URL, Key: string(s.Config.Key), Version: s.Version})
		if err != nil {
			return nil, err
		}
		return &Door{Door: remote, Remote: remote, close: remote.Close}, nil
	}
	client, err := s.Connect(ctx, name)
	if err != nil {
		return nil, err
	}
	watcher := eventstore.NewWatcher(client.Pool, eventstore.LogChannel, s.Log)
	service := api.New(api.Deps{
		Commands: client.Handler, Queries: client.Reader, Store: client.Store, LogWatcher: watcher,
		Projections: func(ctx context.Context) ([]projections.Status, error) { return readProjections(ctx, client.Pool) },
	})
	return &Door{Door: &local{service, watcher}, close: client.Close}, nil
}

// Close waits for what is being written.
func (d *Door) Close() { d.close() }

// Caller is who calls through the door: the account of this machine.
func (s *Settings) Caller() api.Caller {
	return api.Caller{Tenant: s.Tenant, Principal: "local:" + Account()}
}

// Account is the name of the account that runs this process; "" where it has none.
func Account() string {
	account, err := user.Current()
	if err != nil {
		return ""
	}
	return account.Username
}

// local is a service that watches the log only while something is followed.
type local struct {
	*api.Service
	watcher *eventstore.Watcher
}

// Follow is that of the service.
func (l *local) Follow(ctx context.Context, c api.Caller, op *api.Operation, request []byte, each func(api.Page) error) error {
	ctx, cancel := context.WithCancel(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		_ = l.watcher.Run(ctx) // ends with ctx, without an error
	}()
	defer func() {
		cancel()
		<-watching
	}()
	return l.Service.Follow(ctx, c, op, request, each)
}
