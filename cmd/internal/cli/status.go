package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// Status is `auren status`.
type Status struct {
	API  bool `name:"api" help:"Ask only the server at --http-addr whether it is ready, as a container's health check does."`
	All  bool `help:"Show every tenant, however many there are."`
	JSON bool `help:"Print the status as JSON."`
}

const statusTimeout = 10 * time.Second

// errUnready ends status once it has printed what is missing.
var errUnready = errors.New("not ready")

// Run tells how each part is, and fails unless all is well.
func (c *Status) Run(ctx context.Context, a *App) error {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	if c.API || a.Config.URL != "" {
		return c.askServer(ctx, a)
	}
	h := health.Read(ctx, a.OpenNow, a.NATSURL(), func(url string) (*nats.Conn, error) { return a.DialNATS(url, "auren status") })
	err := a.answer(c.JSON, h, func() { printHealth(a.Stdout, h, c.All) })
	if err == nil && !h.Ready {
		err = errUnready
	}
	return err
}

func printHealth(s *terminal.Screen, h *health.Report, all bool) {
	parts := [][]terminal.Cell{statusRow("database", h.Database.Problem, fmt.Sprintf("%s, schema version %d, %d of %d connections",
		h.Database.Target, h.Database.Schema, h.Database.Connections, h.Database.Limit))}
	if h.NATS.URL != "" {
		parts = append(parts, statusRow("nats", h.NATS.Problem, h.NATS.URL))
	}
	if h.Rebuild != nil {
		parts = append(parts, rebuildRow(h.Rebuild))
	}
	s.Table(0, nil, parts)
	printProjections(s, h.Projections, all)
}

func statusRow(name, problem, fine string) []terminal.Cell {
	if problem != "" {
		return []terminal.Cell{{name, terminal.Plain}, {"unready", terminal.Red}, {terminal.OneLine(problem), terminal.Plain}}
	}
	return []terminal.Cell{{name, terminal.Plain}, {"ok", terminal.Green}, {fine, terminal.Plain}}
}

// rebuildRow is what the status says of a rebuild.
func rebuildRow(h *health.Rebuild) []terminal.Cell {
	if h.Problem != "" {
		return statusRow("rebuild", h.Problem, "")
	}
	said := fmt.Sprintf("%s: %s of %s events", strings.Join(h.Projections, " and "), terminal.Number(h.Done), terminal.Number(h.Total))
	if len(h.Projections) > 1 {
		said += ", counted for each"
	}
	if h.Verify {
		said = "to be compared: " + said
	}
	if h.Running {
		return []terminal.Cell{{"rebuild", terminal.Plain}, {"running", terminal.Green}, {said, terminal.Plain}}
	}
	return []terminal.Cell{{"rebuild", terminal.Plain}, {"left behind", terminal.Yellow},
		{strings.Join(h.Schemas, " and ") + "; the next `auren rebuild` drops what is left of one that was killed", terminal.Plain}}
}
