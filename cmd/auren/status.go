package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
)

type statusCommand struct {
	API  bool `name:"api" help:"Ask only the server at --http-addr whether it is ready, as a container's health check does."`
	JSON bool `help:"Print the status as JSON."`
}

const statusTimeout = 4 * time.Second

// errUnready ends status where something is missing; what, was printed.
var errUnready = errors.New("not ready")

// Run tells how each part is, and fails unless all is well.
func (c *statusCommand) Run(ctx context.Context, a *app) error {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	if c.API {
		return c.askServer(ctx, a)
	}
	h := a.look(ctx)
	if c.JSON {
		if err := a.stdout.json(h); err != nil {
			return err
		}
	} else {
		h.print(a.stdout)
	}
	if !h.Ready {
		return errUnready
	}
	return nil
}

// health is how everything is.
type health struct {
	Ready       bool              `json:"ready"`
	Database    databaseHealth    `json:"database"`
	NATS        natsHealth        `json:"nats"`
	Projections []projectorHealth `json:"projections"`
}

type databaseHealth struct {
	Target      string `json:"target,omitempty"`
	Problem     string `json:"problem,omitempty"`
	Schema      int64  `json:"schema_version"`
	Connections int    `json:"connections"`
	Limit       int    `json:"connections_limit"`
}

type natsHealth struct {
	URL     string `json:"url,omitempty"`
	Problem string `json:"problem,omitempty"`
}

type projectorHealth struct {
	projections.Status
	// Moving says that the checkpoint moved while we looked, where there was something to apply.
	Moving bool `json:"moving"`
	// Problem is why it does not keep up; empty where it does.
	Problem string `json:"problem,omitempty"`
}

func (a *app) look(ctx context.Context) *health {
	h := &health{Projections: []projectorHealth{}}
	if err := a.lookAtDatabase(ctx, h); err != nil {
		h.Database.Problem = maskSecrets(err.Error())
	}
	a.lookAtNATS(&h.NATS)
	h.Ready = h.Database.Problem == "" && h.NATS.Problem == ""
	for _, p := range h.Projections {
		h.Ready = h.Ready && p.Problem == ""
	}
	return h
}

const readConnections = `
select count(*), current_setting('max_connections')::int
  from pg_stat_activity
 where datname = current_database()`

func (a *app) lookAtDatabase(ctx context.Context, h *health) error {
	dsn, err := a.databaseDSN()
	if err != nil {
		return err
	}
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: "auren status"}, a.log)
	if err != nil {
		return unreached(ctx, dsn, err)
	}
	defer pool.Close()
	h.Database.Target = database.Target(pool)
	if h.Database.Schema, _, err = migrations.Version(ctx, pool); err != nil {
		return err
	}
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		return err
	}
	row := pool.QueryRow(ctx, readConnections)
	if err := row.Scan(&h.Database.Connections, &h.Database.Limit); err != nil {
		return err
	}
	h.Projections, err = lookAtProjections(ctx, pool)
	return err
}

// lookAtProjections looks twice where something lags, to see whether it moves.
func lookAtProjections(ctx context.Context, pool *pgxpool.Pool) ([]projectorHealth, error) {
	first, err := projections.ReadStatus(ctx, pool)
	if err != nil {
		return nil, err
	}
	second := first
	for _, s := range first {
		if s.Lag > 0 {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(500 * time.Millisecond):
			}
			if second, err = projections.ReadStatus(ctx, pool); err != nil {
				return nil, err
			}
			break
		}
	}
	all := make([]projectorHealth, 0, len(second))
	for _, s := range second {
		p := projectorHealth{Status: s}
		for _, before := range first {
			if before.Tenant == s.Tenant && before.Projection == s.Projection {
				p.Moving = s.SequenceID > before.SequenceID
			}
		}
		p.Problem = p.problem()
		all = append(all, p)
	}
	if len(all) == 0 {
		return all, checkProjector(ctx, pool)
	}
	return all, nil
}

func (p *projectorHealth) problem() string {
	switch {
	case p.StoppedAt != nil:
		return fmt.Sprintf("stopped at event %d: %s", *p.StoppedAt, p.StoppedReason)
	case p.Holder == "":
		return "nobody leads: start a projector"
	case p.Lag > 0 && !p.Moving:
		return "does not move"
	}
	return ""
}

// A projector has no checkpoint before the first event, but it has its connections.
const readProjector = `
select exists (select 1 from logs where sequence_id > 0),
       exists (select 1
                 from pg_stat_activity
                where datname = current_database()
                  and application_name in ('auren projector', 'auren up'))`

// checkProjector is an error where no projection has a checkpoint and no projector waits for the first event.
func checkProjector(ctx context.Context, pool *pgxpool.Pool) error {
	var events, projector bool
	if err := pool.QueryRow(ctx, readProjector).Scan(&events, &projector); err != nil {
		return err
	}
	switch {
	case events:
		return errors.New("no projector has ever run: start one")
	case !projector:
		return errors.New("no projector runs: start one")
	}
	return nil
}

func (a *app) lookAtNATS(h *natsHealth) {
	url := a.natsURL()
	if url == "" {
		return
	}
	h.URL = maskSecrets(url)
	conn, err := nats.Connect(url, nats.Name("auren status"), nats.Timeout(time.Second))
	if err != nil {
		h.Problem = maskSecrets(err.Error())
		return
	}
	defer conn.Close()
	if err := conn.FlushTimeout(time.Second); err != nil {
		h.Problem = maskSecrets(err.Error())
	}
}

func (h *health) print(s *screen) {
	parts := [][]cell{statusRow("database", h.Database.Problem, fmt.Sprintf("%s, schema version %d, %d of %d connections",
		h.Database.Target, h.Database.Schema, h.Database.Connections, h.Database.Limit))}
	if h.NATS.URL != "" {
		parts = append(parts, statusRow("nats", h.NATS.Problem, h.NATS.URL))
	}
	s.table(0, nil, parts)
	if len(h.Projections) == 0 {
		return
	}
	rows := [][]cell{{{"tenant", dim}, {"projection", dim}, {"at", dim}, {"head", dim}, {"lag", dim}, {"behind", dim}, {"led by", dim}, {"", dim}}}
	for _, p := range h.Projections {
		state := cell{"ok", green}
		switch {
		case p.Problem != "":
			state = cell{oneLine(p.Problem), red}
		case p.Lag > 0:
			state = cell{"catching up", yellow}
		}
		rows = append(rows, []cell{
			{string(p.Tenant), plain}, {p.Projection, cyan}, {number(p.SequenceID), bold}, {number(p.Head), plain}, {number(p.Lag), plain},
			{took(time.Duration(p.LagSeconds * float64(time.Second))), plain}, {oneLine(strings.TrimSpace(p.Holder)), dim}, state,
		})
	}
	s.printf("\n")
	s.table(0, map[int]bool{2: true, 3: true, 4: true, 5: true}, rows)
}

func statusRow(name, problem, fine string) []cell {
	if problem != "" {
		return []cell{{name, plain}, {"unready", red}, {oneLine(problem), plain}}
	}
	return []cell{{name, plain}, {"ok", green}, {fine, plain}}
}
