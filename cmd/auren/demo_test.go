package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDemoAsAnOrdinaryUserTwice(t *testing.T) {
	t.Parallel()
	credential, program, dir := stranger(t)
	env := append(anyPorts(dir), "HOME="+dir)

	p := startAs(t, credential, program, env, "up", "--demo", "--once")
	require.Zero(t, p.Code(), p.Stderr.String())
	first := p.Stdout.String()
	for _, expected := range []string{
		"imported records verified", "new memories", filepath.Join(dir, "sample-rejects.jsonl"),
		"Azelaic acid helps against redness",                                             // the answer to the question
		"memory_remembered", "memory_evidence_recorded", "memory_revised", "0.24 → 0.62", // the history
		"auren.evt.default.neuroscientist.anna.memory_revised", "ce-id", "ce-sequenceid", // the message
		"stopped cleanly",
	} {
		require.Contains(t, first, expected)
	}
	require.NotContains(t, first, "\x1b[", "a pipe has no colours")
	require.NotContains(t, first, "\n0 new memories")

	p = startAs(t, credential, program, env, "up", "--demo", "--once")
	require.Zero(t, p.Code(), p.Stderr.String())
	second := p.Stdout.String()
	require.Contains(t, second, "\n0 new memories: all of them were here already\n")
	require.Contains(t, second, "imported records verified")
	require.Equal(t, history(first), history(second), "a second demo adds nothing to the history")
	require.Equal(t, 4, len(history(second)))
}

// history picks the lines of the third step.
func history(said string) (lines []string) {
	_, said, _ = strings.Cut(said, "\n3  ")
	said, _, _ = strings.Cut(said, "\n4  ")
	for line := range strings.Lines(said) {
		if strings.Contains(line, "  memory_") {
			lines = append(lines, line)
		}
	}
	return lines
}
