package cli

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

func TestSuggestionsCanBePasted(t *testing.T) {
	t.Parallel()
	const dir = `/tmp/d 3 'é" $HOME`
	var out bytes.Buffer
	a := &App{Settings: &stack.Settings{Config: config.Config{DataDir: dir}, Tenant: "other"}, Stdout: terminal.New(&out)}
	(&Up{}).suggest(a, "http://[::1]:7430")

	var pasted [][]string
	for line := range strings.Lines(out.String()) {
		command, ok := strings.CutPrefix(line, "  ")
		if !ok {
			continue
		}
		words, err := exec.Command("sh", "-c", `printf '%s\n' `+command).Output()
		require.NoError(t, err, command)
		pasted = append(pasted, strings.Split(strings.TrimSuffix(string(words), "\n"), "\n"))
	}
	require.Len(t, pasted, 5)
	require.Equal(t, []string{"curl", "-s", "-H", "content-type: application/json", "-H", "auren-tenant: other", "http://[::1]:7430/v1/memories", "-d"}, pasted[0][:8])
	require.Contains(t, out.String(), ` 'http://[::1]:7430/v1/memories' `, "a shell may take brackets for a pattern")
	require.Equal(t, []string{"--data-dir", dir, "--tenant", "other", "status"}, pasted[4][1:])
}
