package cli

import (
	"fmt"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/ops"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// rebuildRow is what the status says of a rebuild.
func rebuildRow(h *ops.Rebuild) []terminal.Cell {
	if h.Problem != "" {
		return statusRow("rebuild", h.Problem, "")
	}
	said := fmt.Sprintf("%s: %s, %s of %s events", strings.Join(h.Projections, " and "), h.Phase, terminal.Number(h.Done), terminal.Number(h.Total))
	if len(h.Projections) > 1 {
		said += ", counted for each"
	}
	if h.Verify {
		said = "to be compared: " + said
	}
	if h.Running {
		return []terminal.Cell{{"rebuild", terminal.Plain}, {"running", terminal.Green}, {said, terminal.Plain}}
	}
	return []terminal.Cell{{"rebuild", terminal.Plain}, {"broken off", terminal.Yellow}, {said + "; `" + rebuildLine(h.Projections, h.Verify) + "` goes on with it", terminal.Plain}}
}

// rebuildLine is the command line that goes on with a rebuild.
func rebuildLine(names []string, verify bool) string {
	line := []string{"auren rebuild"}
	if len(names) < len(stack.ReadModels()) {
		line = append(line, names...)
	}
	if verify {
		line = append(line, "--verify")
	}
	return strings.Join(line, " ")
}
