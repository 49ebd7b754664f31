package cli

import (
	"fmt"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

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
