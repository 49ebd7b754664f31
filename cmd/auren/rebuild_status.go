package main

import (
	"context"
	"fmt"
	"strings"

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
	if h.Problem != "" {
		return statusRow("rebuild", h.Problem, "")
	}
	said := fmt.Sprintf("%s: %s, %s of %s events", strings.Join(h.Projections, " and "), h.Phase, number(h.Done), number(h.Total))
	if len(h.Projections) > 1 {
		said += ", counted for each"
	}
	if h.Verify {
		said = "to be compared: " + said
	}
	if h.Running {
		return []cell{{"rebuild", plain}, {"running", green}, {said, plain}}
	}
	return []cell{{"rebuild", plain}, {"broken off", yellow}, {said + "; `" + rebuildLine(h.Projections, h.Verify) + "` goes on with it", plain}}
}

// rebuildLine is the command line that goes on with a rebuild.
func rebuildLine(names []string, verify bool) string {
	line := []string{"auren rebuild"}
	if len(names) < len(readModels()) {
		line = append(line, names...)
	}
	if verify {
		line = append(line, "--verify")
	}
	return strings.Join(line, " ")
}
