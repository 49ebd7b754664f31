package stack

import (
	"context"
	"os/user"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpclient"
	"github.com/auren-memory/auren/eventstore"
)

// Door gives a memory command access to the API: of the server that --url names, or else in this process.
type Door struct {
	api.Door
	close func()
}

// OpenDoor opens a door; name becomes the application_name of its connections. The caller closes it.
func (s *Settings) OpenDoor(ctx context.Context, name string) (*Door, error) {
	if s.Config.URL != "" {
		remote, err := httpclient.Open(ctx, httpclient.Config{
			URL: s.Config.URL, Key: string(s.Config.Key), Version: s.Version,
			Interrupted: func() { s.Notice("the feed of " + s.Config.URL + " was interrupted; asking for it again") },
		})
		if err != nil {
			return nil, err
		}
		return &Door{remote, remote.Close}, nil
	}
	client, err := s.Connect(ctx, name)
	if err != nil {
		return nil, err
	}
	watcher := eventstore.NewWatcher(client.Pool, eventstore.LogChannel, s.Log)
	return &Door{&local{client.service(watcher), watcher}, client.Close}, nil
}

// Close waits for writes in progress.
func (d *Door) Close() { d.close() }

// Caller returns the caller: the operating system's account.
func (s *Settings) Caller() api.Caller {
	return api.Caller{Tenant: s.Tenant, Principal: "local:" + Account()}
}

// Account returns the name of the account that runs this process; "" if it has none.
func Account() string {
	account, err := user.Current()
	if err != nil {
		return ""
	}
	return account.Username
}

// local is a service that watches the log only while a caller follows it.
type local struct {
	*api.Service
	watcher *eventstore.Watcher
}

// Follow implements api.Service.
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
