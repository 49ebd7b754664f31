package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections/fanout"
)

type statusCommand struct {
	API  bool `name:"api" help:"Ask only the server at --http-addr whether it is ready, as a container's health check does."`
	All  bool `help:"Show every tenant, however many there are."`
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
		h.print(a.stdout, c.All)
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
	// Rebuild is the one that is under way or was broken off.
	Rebuild *rebuildHealth `json:"rebuild,omitempty"`
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

func (a *app) look(ctx context.Context) *health {
	h := &health{Projections: []projectorHealth{}}
	if err := a.lookAtDatabase(ctx, h); err != nil {
		h.Database.Problem = maskSecrets(err.Error())
	}
	a.lookAtNATS(&h.NATS)
	h.Ready = h.Database.Problem == "" && h.NATS.Problem == "" && (h.Rebuild == nil || h.Rebuild.Problem == "")
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
	if err != nil {
		return err
	}
	h.Rebuild, err = lookAtRebuild(ctx, pool)
	return err
}

func (a *app) lookAtNATS(h *natsHealth) {
	url := a.natsURL()
	if url == "" {
		return
	}
	h.URL = maskSecrets(url)
	conn, err := nats.Connect(url, nats.Name("auren status"), nats.Timeout(time.Second),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // what matters is in the status
	if err != nil {
		h.Problem = natsUnreached(url, err).Error()
		return
	}
	defer conn.Close()
	if err := conn.FlushTimeout(time.Second); err != nil {
		h.Problem = natsUnreached(url, err).Error()
		return
	}
	h.Problem = jetStreamProblem(conn, config.NATSURL(url).Hosts())
}

// jetStreamProblem asks what the relay asks, too. Whether there is a stream already is for it to say.
func jetStreamProblem(conn *nats.Conn, hosts string) string {
	reply, err := conn.Request("$JS.API.STREAM.INFO."+fanout.Stream, nil, time.Second)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Sprintf("NATS (%s) has no JetStream; start nats-server with -js", hosts)
	case err != nil && errors.Is(conn.LastError(), nats.ErrPermissionViolation):
		return fmt.Sprintf("NATS (%s) does not let this account ask for the stream: %v", hosts, conn.LastError())
	case err != nil:
		return fmt.Sprintf("JetStream of NATS (%s) does not answer: %v", hosts, err)
	}
	var answer struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return fmt.Sprintf("JetStream of NATS (%s) answers what is no answer: %v", hosts, err)
	}
	if answer.Error != nil && answer.Error.ErrorCode != jetstream.JSErrCodeStreamNotFound {
		return fmt.Sprintf("JetStream of NATS (%s) refuses to tell of the stream: %s", hosts, answer.Error.Description)
	}
	return ""
}

func (h *health) print(s *screen, all bool) {
	parts := [][]cell{statusRow("database", h.Database.Problem, fmt.Sprintf("%s, schema version %d, %d of %d connections",
		h.Database.Target, h.Database.Schema, h.Database.Connections, h.Database.Limit))}
	if h.NATS.URL != "" {
		parts = append(parts, statusRow("nats", h.NATS.Problem, h.NATS.URL))
	}
	if h.Rebuild != nil {
		parts = append(parts, h.Rebuild.row())
	}
	s.table(0, nil, parts)
	if len(h.Projections) > 0 {
		printProjections(s, h.Projections, all)
	}
}

func statusRow(name, problem, fine string) []cell {
	if problem != "" {
		return []cell{{name, plain}, {"unready", red}, {oneLine(problem), plain}}
	}
	return []cell{{name, plain}, {"ok", green}, {fine, plain}}
}
