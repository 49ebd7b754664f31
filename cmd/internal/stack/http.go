package stack

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// StartHTTP serves the whole API and returns its address. All health checks must be registered before.
func (e *Services) StartHTTP(ctx context.Context, addr string) (net.Addr, error) {
	return e.listen(ctx, httpapi.New(e.service(e.logWatcher), e.operations(), httpapi.Config{Addr: addr}))
}

// StartOperations serves health, metrics and the like, without the API.
func (e *Services) StartOperations(ctx context.Context, addr string) (net.Addr, error) {
	bound, err := e.listen(ctx, httpapi.NewOperations(api.New(api.Deps{Projections: e.projections}), e.operations(), httpapi.Config{Addr: addr}))
	if err != nil {
		// The wrapped error names the API's setting.
		return nil, fmt.Errorf("--projector-http-addr (AUREN_PROJECTOR_HTTP_ADDR): %w", errors.Unwrap(err))
	}
	return bound, nil
}

func (e *Services) listen(ctx context.Context, s *httpapi.Server) (net.Addr, error) {
	bound, err := s.Listen(ctx)
	if err != nil {
		return nil, err
	}
	e.lifecycle.run("http", s.Run)
	return bound, nil
}

func (e *Services) operations() httpapi.Operations {
	return httpapi.Operations{
		Version: e.Version, Log: e.Log,
		Ready:    observe.NewHealth(e.checks...).Ready,
		Metrics:  observe.MetricsHandler(e.registry),
		Tracer:   e.traces.Tracer(),
		Answered: observe.NewHTTPMetrics(e.registry).Answered,
	}
}

// service is the whole API over the client's pool.
func (c *Client) service(watcher *eventstore.Watcher) *api.Service {
	return api.New(api.Deps{Commands: c.Handler, Queries: c.Reader, Log: c.Events, LogWatcher: watcher, Projections: c.projections})
}

// projections reads the position of each projection. Its errors are of kind Unavailable and hide the database's message.
func (c *Client) projections(ctx context.Context) ([]projections.Status, error) {
	all, err := projections.ReadStatus(ctx, c.Pool)
	if err != nil {
		err = errors.Join(domain.Errorf(domain.Unavailable, "the status of the projections cannot be read from the database; try again"), err)
	}
	return all, err
}
