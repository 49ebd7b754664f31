package main

import (
	"bytes"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/config"
)

func TestSuggestionsCanBePasted(t *testing.T) {
	t.Parallel()
	const dir = `/tmp/d 3 'é" $HOME`
	var out bytes.Buffer
	a := &app{config: config.Config{DataDir: dir}, tenant: "other", stdout: newScreen(&out)}
	s := &stack{engine: &engine{client: &client{app: a}}, httpAddr: &net.TCPAddr{IP: net.IPv6loopback, Port: 7430}}
	s.suggest(a)

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
