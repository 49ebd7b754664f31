package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/cmd/internal/httpclient"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/projections"
)

// ServerHealth is what a server says of itself.
type ServerHealth struct {
	Ready bool   `json:"ready"`
	URL   string `json:"url"`
	// Problem is what is wrong with the server itself; the projections tell their own.
	Problem string `json:"problem,omitempty"`
	// Checks has for each part ok, or what is wrong with it.
	Checks map[string]string `json:"checks,omitempty"`
	// Projections are told unless only the server was asked for.
	Projections []health.Projection `json:"projections,omitempty"`
}

// askServer asks the server that is named, or that of this machine or container, and fails unless it is ready.
func (c *Status) askServer(ctx context.Context, a *App) error {
	h, key := ServerHealth{URL: a.Config.URL}, string(a.Config.Key)
	if h.URL == "" {
		h.URL, key = a.ServerURL(), "" // the key is for --url
	}
	err := h.ask(ctx, a, key, !c.API)
	switch {
	case err != nil:
		h.Problem = config.MaskSecrets(err.Error())
	case slices.ContainsFunc(h.Projections, func(p health.Projection) bool { return p.Problem != "" }):
		err = errUnready
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
	default:
		return err
	}
	if !h.Ready {
		return errUnready // what is printed says why
	}
	return nil
}

func (h *ServerHealth) ask(ctx context.Context, a *App, key string, all bool) error {
	server, err := httpclient.Open(ctx, httpclient.Config{URL: h.URL, Key: key, Version: a.Version})
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
		read := func(ctx context.Context) ([]projections.Status, error) {
			answer, err := api.ListProjections.Call(ctx, server, a.Caller(), api.ListProjectionsRequest{})
			return answer.Projections, err
		}
		if h.Projections, err = health.Measure(ctx, read, read); err != nil {
			return err
		}
		if len(h.Projections) == 0 {
			head, err := api.GetPosition.Call(ctx, server, a.Caller(), api.GetPositionRequest{})
			if err != nil {
				return err
			}
			if head.SequenceID > 0 {
				return health.ErrNeverRan
			}
		}
	}
	if !ready {
		return fmt.Errorf("%w: the server at %s says so", errUnready, h.URL)
	}
	return nil
}
