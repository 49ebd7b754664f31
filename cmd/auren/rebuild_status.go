package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/projections/rebuild"
)

// rebuildHealth is how the rebuild is that is under way or was broken off.
type rebuildHealth struct {
	rebuild.Status
	// Problem is why it did not come to its end; empty where nothing is wrong.
	Problem string `json:"problem,omitempty"`
}

// lookAtRebuild returns nil where there is no rebuild.
func lookAtRebuild(ctx context.Context, pool *pgxpool.Pool) (*rebuildHealth, error) {
	status, err := rebuild.ReadStatus(ctx, pool)
	if err != nil || status == nil {
		return nil, err
	}
	h := &rebuildHealth{Status: *status}
	if status.Failure != "" {
		h.Problem = fmt.Sprintf("failed %s times, at last with: %s", number(int64(status.Failures)), maskSecrets(status.Failure))
	}
	return h, nil
}

// row is what the status says of it.
func (h *rebuildHealth) row() []cell {
	said, command := fmt.Sprintf("%s, %s of %s events", h.Phase, number(h.Done), number(h.Total)), "auren rebuild"
	if h.Verify {
		said, command = "to be compared: "+said, "auren rebuild --verify"
	}
	switch {
	case h.Problem != "":
		return statusRow("rebuild", h.Problem, said)
	case h.Running:
		return []cell{{"rebuild", plain}, {"running", green}, {said, plain}}
	}
	return []cell{{"rebuild", plain}, {"broken off", yellow}, {said + "; `" + command + "` goes on with it", plain}}
}
