// Package health decides whether AUREN is healthy: what is wrong with the database, NATS, a projection or a rebuild.
package health

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections/rebuild"
)

// Report is the state of the database, NATS, the projections and a rebuild.
type Report struct {
	Ready       bool         `json:"ready"`
	Database    Database     `json:"database"`
	NATS        NATS         `json:"nats"`
	Projections []Projection `json:"projections"`
	// Rebuild is one that is running or was interrupted; nil if there is none.
	Rebuild *Rebuild `json:"rebuild,omitempty"`
}

// Database is the state of the database.
type Database struct {
	Target      string `json:"target,omitempty"`
	Problem     string `json:"problem,omitempty"`
	Schema      int64  `json:"schema_version"`
	Connections int    `json:"connections"`
	Limit       int    `json:"connections_limit"`
}

// Read reads the health of everything; a part that cannot be read has a problem. An empty natsURL means that no NATS server is
// known.
func Read(ctx context.Context, open func(ctx context.Context) (*pgxpool.Pool, error), natsURL string, connect func(url string) (*nats.Conn, error)) *Report {
	h := &Report{Projections: []Projection{}, NATS: readNATS(natsURL, connect)}
	if err := h.readDatabase(ctx, open); err != nil {
		h.Database.Problem = config.MaskSecrets(err.Error())
	}
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

func (h *Report) readDatabase(ctx context.Context, open func(ctx context.Context) (*pgxpool.Pool, error)) error {
	pool, err := open(ctx)
	if err != nil {
		return err
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
	h.Projections, err = readProjections(ctx, pool)
	if err != nil {
		return err
	}
	h.Rebuild, err = readRebuild(ctx, pool)
	return err
}

// Rebuild describes the tables beside the live ones: those of a running rebuild, or the remains of one.
type Rebuild struct {
	rebuild.Status
	// Problem is the event that stopped it; empty if none did.
	Problem string `json:"problem,omitempty"`
}

// readRebuild returns nil if there are only the live tables.
func readRebuild(ctx context.Context, pool *pgxpool.Pool) (*Rebuild, error) {
	status, err := rebuild.ReadStatus(ctx, pool)
	if err != nil || status == nil {
		return nil, err
	}
	h := &Rebuild{Status: *status}
	if !status.Running && status.Stopped != "" {
		h.Problem = "failed: " + config.MaskSecrets(status.Stopped)
	}
	return h, nil
}
