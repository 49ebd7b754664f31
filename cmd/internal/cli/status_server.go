package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/httpclient"
	"github.com/auren-memory/auren/cmd/internal/ops"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/projections"
)

// ServerHealth is what a server says of itself.
type ServerHealth struct {
	Ready bool   `json:"ready"`
	URL   string `json:"url"`
	// Problem is why it is not ready; empty if it is.
	Problem string `json:"problem,omitempty"`
	// Checks has for each part ok, or what is wrong with it.
	Checks map[string]string `json:"checks,omitempty"`
	// Projections are told unless only the server was asked for.
	Projections []ops.Projection `json:"projections,omitempty"`
}

// askServer asks the server that is named, or that of this machine or container, and fails unless it is ready.
func (c *Status) askServer(ctx context.Context, a *App) error {
	h := ServerHealth{URL: a.Config.URL}
	if h.URL == "" {
		h.URL = a.ServerURL()
	}
	err := h.ask(ctx, a, !c.API)
	if err != nil {
		h.Problem = config.MaskSecrets(err.Error())
	}
	h.Ready = err == nil
	switch {
	case c.JSON:
		if err := a.Stdout.JSON(h); err != nil {
			return err
		}
	case !c.API:
		a.Stdout.Table(0, nil, [][]terminal.Cell{statusRow("server", h.Problem, h.URL)})
		printProjections(a.Stdout, h.Projections, c.All)
	case h.Ready:
		a.Stdout.Printf("ready\n")
	}
	return err
}

func (h *ServerHealth) ask(ctx context.Context, a *App, all bool) error {
	server, err := httpclient.Open(ctx, httpclient.Config{URL: h.URL, Key: string(a.Config.Key), Version: a.Version})
	if err != nil {
		return err
	}
	defer server.Close()
	ready, checks, err := server.Ready(ctx)
	if err != nil {
		return err
	}
	h.Checks = checks
	if all {
		if h.Projections, err = watchProjections(ctx, server, a.Caller()); err != nil {
			return err
		}
	}
	if !ready {
		return fmt.Errorf("%w: the server at %s says so", errUnready, h.URL)
	}
	for _, p := range h.Projections {
		if p.Problem != "" {
			return errUnready
		}
	}
	return nil
}

// watchProjections looks twice, to see how fast they move.
func watchProjections(ctx context.Context, d api.Door, caller api.Caller) ([]ops.Projection, error) {
	var seen [2][]projections.Status
	began := time.Now()
	for i := range seen {
		answer, err := api.ListProjections.Call(ctx, d, caller, api.ListProjectionsRequest{})
		if err != nil {
			return nil, err
		}
		seen[i] = answer.Projections
		if i == 0 {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(ops.Between):
			}
		}
	}
	return ops.Compare(seen[0], seen[1], time.Since(began)), nil
}
