package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/queries"
)

// onTerminals prints on terminals of some widths, requires that no line is wider, and looks at what was printed.
func onTerminals(t *testing.T, widths []int, show func(*terminal.Screen), look func(printed string)) {
	t.Helper()
	for _, width := range widths {
		var out bytes.Buffer
		s := terminal.New(&out)
		s.Width = width
		show(s)
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(line, "\n")), width, line)
		}
		look(out.String())
	}
}

func TestTheReportFitsTheTerminal(t *testing.T) {
	t.Parallel()
	counts := jsonimport.Counts{Records: 12345, Added: 12000, Duplicate: 300, Rejected: 45, Verified: 12000}
	report := jsonimport.Report{
		Total: counts, Agents: []*jsonimport.AgentReport{{AgentID: "physical_therapist", Counts: counts}}, Rejects: "rejects.jsonl",
		Reasons:      map[string]int{strings.Repeat("long ", 40): 30, "user_id: the record names none; give one with --user or --user-map": 15},
		Verification: &jsonimport.Verification{Checked: 12000, Verified: 12000},
	}
	onTerminals(t, []int{80, 120, 200}, func(s *terminal.Screen) { printReport(s, &report) }, func(printed string) {
		require.Contains(t, printed, "--user or --user-map\n")
		require.Contains(t, printed, "physical_therapist")
	})
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	m := queries.Memory{ID: uuid.New(), AgentID: "physical_therapist", UserID: "ana", Type: "observation", State: "forgotten",
		Content: json.RawMessage(`"` + strings.Repeat("word ", 100) + `"`)}
	e := eventstore.Event{SequenceID: 1234567, StreamID: uuid.New(), Version: 12, Type: "memory_confidence_adjusted", SchemaVersion: 1,
		Payload: json.RawMessage(`{"from": 0.1, "to": 0.9}`), Metadata: json.RawMessage(`{"actor": "` + strings.Repeat("long ", 40) + `"}`), CreatedAt: time.Now()}
	onTerminals(t, []int{80, 120, 149, 150, 200}, func(s *terminal.Screen) {
		printList(s, []queries.Memory{m})
		require.NoError(t, (&eventPrinter{to: s}).print(e))
		require.NoError(t, (&eventPrinter{to: s, layout: memoryLayout}).print(e))
	}, func(printed string) {
		require.Contains(t, printed, m.ID.String())
		require.Contains(t, printed, e.StreamID.String())
		require.Equal(t, 2, strings.Count(printed, e.Type))
	})
}

func TestChangesNeverBreakTheTerminal(t *testing.T) {
	t.Parallel()
	content, err := json.Marshal("日本語 \x1b[31m" + strings.Repeat("長い", 100) + "\u202e\u2028\x00")
	require.NoError(t, err)
	e := eventstore.Event{
		SequenceID: 1, StreamID: uuid.New(), Type: "memory_remembered", SchemaVersion: 1, AgentID: strings.Repeat("エージェント", 10), UserID: "a\nb",
		Payload: json.RawMessage(`{"agent_id":"a","user_id":"b","memory_type":"fact","content":` + string(content) + `,"confidence":0.5,"metadata":{}}`),
	}
	skipped := eventstore.Event{SequenceID: 2, StreamID: e.StreamID, Type: "projection_event_skipped", Payload: json.RawMessage(`null`)}
	onTerminals(t, []int{80, 120, 200}, func(s *terminal.Screen) {
		require.NoError(t, (&eventPrinter{to: s, layout: changeLayout}).print(e, skipped))
	}, func(printed string) {
		require.Contains(t, printed, e.StreamID.String())
		require.NotContains(t, printed, "\x1b")
		require.NotContains(t, printed, "\u202e")
	})
}

func TestStatusOfManyTenantsIsASummaryAndTheWorst(t *testing.T) {
	t.Parallel()
	at, none := int64(7), int64(0)
	var all []health.Projection
	for n := range 40 {
		p := health.Projection{Status: projections.Status{
			Tenant: domain.Tenant(fmt.Sprint("t", n)), Projection: "search", SequenceID: 9, Head: 9, Holder: fmt.Sprint("holder", n%3), State: projections.Idle,
		}}
		switch n {
		case 38:
			p.StoppedAt, p.StoppedReason, p.State, p.Head, p.Lag, p.Problem = &at, "no good", projections.Stopped, 109, 100, "stopped at event 7: no good"
		case 37:
			p.StoppedAt, p.StoppedReason, p.State, p.Problem = &none, "not of one history", projections.Stopped, "stopped: not of one history"
		case 39:
			p.State, p.Head, p.Lag, p.LagSeconds = projections.Moving, 20, 11, 3
		}
		all = append(all, p)
	}
	var out proctest.Output
	printProjections(terminal.New(&out), all, false)
	require.Regexp(t, `search +40 +3 projectors +0 +37 +1 +0 +2 +111`, out.String())
	require.Regexp(t, `(?s)the worst 12 of 40.*t38 .*stopped at event 7: no good.*t37 .*stopped: not of one history.*t39 .*moving.*t0 `, out.String())
	require.NotContains(t, out.String(), "t36 ")
	out = proctest.Output{}
	printProjections(terminal.New(&out), all, true)
	require.Contains(t, out.String(), "t36 ")
	require.NotContains(t, out.String(), "the worst")
}

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
