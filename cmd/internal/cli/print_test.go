package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/queries"
)

func TestTheReportFitsTheTerminal(t *testing.T) {
	t.Parallel()
	counts := jsonimport.Counts{Records: 12345, Added: 12000, Duplicate: 300, Rejected: 45, Verified: 12000}
	report := jsonimport.Report{
		Total: counts, Agents: []*jsonimport.AgentReport{{AgentID: "physical_therapist", Counts: counts}}, Rejects: "rejects.jsonl",
		Reasons:      map[string]int{strings.Repeat("long ", 40): 30, "user_id: the record names none; give one with --user or --user-map": 15},
		Verification: &jsonimport.Verification{Checked: 12000, Verified: 12000},
	}
	for _, width := range []int{80, 120, 200} {
		var out bytes.Buffer
		s := terminal.New(&out)
		s.Width = width
		printReport(s, &report)
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(line, "\n")), width, line)
		}
		require.Contains(t, out.String(), "--user or --user-map\n")
		require.Contains(t, out.String(), "physical_therapist")
	}
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	m := queries.Memory{ID: uuid.New(), AgentID: "physical_therapist", UserID: "ana", Type: "observation", State: "forgotten",
		Content: json.RawMessage(`"` + strings.Repeat("word ", 100) + `"`)}
	e := eventstore.Event{SequenceID: 1234567, StreamID: uuid.New(), Version: 12, Type: "memory_confidence_adjusted", SchemaVersion: 1,
		Payload: json.RawMessage(`{"from": 0.1, "to": 0.9}`), Metadata: json.RawMessage(`{"actor": "` + strings.Repeat("long ", 40) + `"}`), CreatedAt: time.Now()}
	for _, width := range []int{80, 120, 149, 150, 200} {
		var out bytes.Buffer
		s := terminal.New(&out)
		s.Width = width
		printList(s, []queries.Memory{m})
		require.NoError(t, (&eventPrinter{to: s}).print(e))
		require.NoError(t, (&eventPrinter{to: s, layout: memoryLayout}).print(e))
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(line, "\n")), width, line)
		}
		require.Contains(t, out.String(), m.ID.String())
		require.Contains(t, out.String(), e.StreamID.String())
		require.Equal(t, 2, strings.Count(out.String(), e.Type))
	}
}

func TestChangesNeverBreakTheTerminal(t *testing.T) {
	t.Parallel()
	content, err := json.Marshal("日本語 \x1b[31m" + strings.Repeat("長い", 100) + "\u202e\u2028\x00")
	require.NoError(t, err)
	for _, width := range []int{80, 120, 200} {
		var out proctest.Output
		s := terminal.New(&out)
		s.Width = width
		p := eventPrinter{to: s, layout: changeLayout}
		e := eventstore.Event{
			SequenceID: 1, StreamID: uuid.New(), Type: "memory_remembered", SchemaVersion: 1, AgentID: strings.Repeat("エージェント", 10), UserID: "a\nb",
			Payload: json.RawMessage(`{"agent_id":"a","user_id":"b","memory_type":"fact","content":` + string(content) + `,"confidence":0.5,"metadata":{}}`),
		}
		require.NoError(t, p.print(e))
		e.AgentID, e.UserID, e.Type, e.Payload = "", "", "projection_event_skipped", json.RawMessage(`null`)
		require.NoError(t, p.print(e))
		require.Contains(t, out.String(), e.StreamID.String())
		require.NotContains(t, out.String(), "\x1b")
		require.NotContains(t, out.String(), "\u202e")
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(line, "\n")), width, line)
		}
	}
}
