package health

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/projections/rebuild"
)

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
