package jsonimport

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/jsonimport/sample"
)

func TestSampleIsImportedAsItsSummarySays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filepath.Join(t.TempDir(), "old")
	summary, err := sample.Write(root, sample.Options{})
	require.NoError(t, err)

	dry, dryOutcomes := w.run(t, Options{Root: root, DryRun: true})
	require.Zero(t, w.head(t))
	require.Nil(t, dry.Verification)

	report, outcomes := w.run(t, Options{Root: root, Rejects: filepath.Join(t.TempDir(), "rejects.jsonl")})
	requireForetold(t, dryOutcomes, outcomes)
	require.Equal(t, Counts{Records: summary.Records, Added: summary.Added, Duplicate: summary.Duplicate, Rejected: summary.Rejected,
		Verified: summary.Added}, report.Total, rejected(outcomes))
	require.Len(t, report.Files, summary.Files)
	require.Len(t, report.Problems(), summary.Problems)
	require.Equal(t, summary.Ignored, report.Ignored)
	added := map[string]int{}
	for _, a := range report.Agents {
		if a.Added > 0 {
			added[a.AgentID] = a.Added
		}
	}
	require.Equal(t, summary.Agents, added)
	require.GreaterOrEqual(t, added["neuroscientist"], 1000)
	require.True(t, report.Verification.Complete())
	require.Equal(t, ExitIncomplete, report.ExitCode())

	manual := read(t, "../../../docs/import.md")
	require.Len(t, report.Notes, 17, report.Notes)
	for code := range report.Notes {
		require.Contains(t, manual, "| `"+string(code)+"` |")
	}

	head := w.head(t)
	again, _ := w.run(t, Options{Root: root})
	require.Equal(t, head, w.head(t), "a second run writes nothing")
	require.Equal(t, Counts{Records: summary.Records, Unchanged: summary.Added, Duplicate: summary.Duplicate, Rejected: summary.Rejected,
		Verified: summary.Added}, again.Total)
	require.True(t, again.Verification.Complete())
}

// rejected lists the rejected records, for the message of a failed test.
func rejected(outcomes []Outcome) []string {
	var lines []string
	for _, o := range outcomes {
		if o.Verdict == Rejected || o.Verdict == Duplicate {
			lines = append(lines, string(o.Verdict)+" "+o.place()+": "+o.Reason)
		}
	}
	return lines
}
