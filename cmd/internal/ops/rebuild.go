package ops

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/projections/rebuild"
)

// Rebuild is how the rebuild is that is under way or was broken off.
type Rebuild struct {
	rebuild.Status
	// Problem is why it did not come to its end; empty where nothing is wrong.
	Problem string `json:"problem,omitempty"`
}

// readRebuild returns nil where there is no rebuild.
func readRebuild(ctx context.Context, pool *pgxpool.Pool) (*Rebuild, error) {
	status, err := rebuild.ReadStatus(ctx, pool)
	if err != nil || status == nil {
		return nil, err
	}
	h := &Rebuild{Status: *status}
	if status.Failure != "" {
		h.Problem = fmt.Sprintf("failed %d times, at last with: %s", status.Failures, config.MaskSecrets(status.Failure))
	}
	return h, nil
}
