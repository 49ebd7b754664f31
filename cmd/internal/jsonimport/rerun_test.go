package jsonimport

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

const (
	firstID  = "11111111-1111-4111-8111-111111111111"
	secondID = "22222222-2222-4222-8222-222222222222"
)

// listOf writes two records with ids and one without.
func listOf(first, second string) string {
	return `[{"id": "` + firstID + `", "content": "` + first + `", "timestamp": "2026-01-01"},
		{"id": "` + secondID + `", "content": "` + second + `", "timestamp": "2026-01-01"}, {"content": "no id", "timestamp": "2026-01-01"}]`
}

func request() commands.Request { return commands.Request{Tenant: domain.DefaultTenant} }

func TestAChangedFileImportsOnlyItsChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"nutritionist.json": listOf("a", "b")})
	w.run(t, Options{Root: root})
	head := w.head(t)

	put(t, root, "nutritionist.json", listOf("a", "changed"))
	_, dry := w.run(t, Options{Root: root, DryRun: true})
	report, outcomes := w.run(t, Options{Root: root})
	require.Equal(t, dry, outcomes)
	require.Equal(t, "unchanged changed unchanged", verdicts(outcomes))
	require.True(t, report.Verification.Complete())
	require.Equal(t, head+1, w.head(t))
	require.Equal(t, `"changed"`, string(w.memory(t, uuid.MustParse(secondID)).Content))

	put(t, root, "nutritionist.json", listOf("a", "b"))
	report, outcomes = w.run(t, Options{Root: root})
	require.Equal(t, "unchanged changed unchanged", verdicts(outcomes), "a file put back as it was is a change, too")
	require.True(t, report.Verification.Complete())
	require.Equal(t, `"b"`, string(w.memory(t, uuid.MustParse(secondID)).Content))
}

func TestOldRecordsDoNotChangeWhenTheirFileDoes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const later = `{"timestamp": "2026-01-07T10:00:00", "interaction_type": "reflection", "learning": "later", "confidence_delta": 0}`
	root := filesOf(t, map[string]string{"nutritionist/specialist_memory.json": `{"evolution_history": [` + evolutionRecord + `], "relationship_score": 0.5, "hypotheses": [` + hypothesis + `]}`})
	w.run(t, Options{Root: root})

	require.NoError(t, os.RemoveAll(filepath.Join(root, "nutritionist")))
	moved := "specialist_memory/nutritionist/specialist_memory.json"
	put(t, root, moved, `{"relationship_score": 0.9, "evolution_history": [`+later+`,`+evolutionRecord+`], "hypotheses": [`+hypothesis+`]}`)
	require.NoError(t, os.Chtimes(filepath.Join(root, filepath.FromSlash(moved)), time.Now(), time.Now()))
	report, outcomes := w.run(t, Options{Root: root})
	require.Equal(t, "changed added unchanged unchanged", verdicts(outcomes))
	require.True(t, report.Verification.Complete(), report.Verification)
	require.Equal(t, 0.5, w.memory(t, outcomes[2].ID).Confidence, "an old record keeps the score it came with")
	require.JSONEq(t, `{"kind": "relationship_score", "score": 0.9}`, string(w.memory(t, outcomes[0].ID).Content))
}

func TestLaterChangesAreNotUndone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"nutritionist.json": listOf("a", "b")})
	w.run(t, Options{Root: root})
	_, err := w.handler.Revise(t.Context(), request(), uuid.MustParse(firstID), memory.Revision{Content: canonjson.MustParse(`"revised here"`)})
	require.NoError(t, err)
	_, err = w.handler.Forget(t.Context(), request(), uuid.MustParse(secondID))
	require.NoError(t, err)

	report, outcomes := w.run(t, Options{Root: root})
	require.Equal(t, "unchanged unchanged unchanged", verdicts(outcomes))
	require.Equal(t, &Verification{Checked: 3, Verified: 1, ChangedSince: 2}, report.Verification)
	require.Equal(t, ExitComplete, report.ExitCode())
	require.Equal(t, `"revised here"`, string(w.memory(t, uuid.MustParse(firstID)).Content))

	put(t, root, "nutritionist.json", listOf("a", "changed"))
	report, outcomes = w.run(t, Options{Root: root})
	require.Equal(t, "unchanged kept unchanged", verdicts(outcomes), "what was forgotten here stays forgotten")
	require.Equal(t, 2, report.Verification.Checked)
	require.Equal(t, "forgotten", w.memory(t, uuid.MustParse(secondID)).State)
}

func TestTheSameIDInTwoFiles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{
		"a.json": `{"agent_id": "x", "memories": [{"id": "` + firstID + `", "content": 1, "timestamp": "2026-01-01"}]}`,
		"b.json": `{"agent_id": "x", "memories": [{"timestamp": "2026-01-01", "content": 1.0, "id": "` + firstID + `"}, {"id": "` + firstID + `", "content": 2, "timestamp": "2026-01-01"}]}`,
	})
	report, outcomes := w.run(t, Options{Root: root})
	require.Equal(t, "added duplicate rejected", verdicts(outcomes))
	require.Equal(t, "the same record as a.json memories[0]", outcomes[1].Reason)
	require.Equal(t, `id: another record has the same id, "a.json memories[0]"`, outcomes[2].Reason)
	require.Equal(t, "1", string(w.memory(t, uuid.MustParse(firstID)).Content))
	require.Equal(t, ExitIncomplete, report.ExitCode())
}

func TestOwnersOfTheRecords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{
		"1.json":                           `{"agent_id": "coach", "user_id": "eve", "memories": [{"content": 1}, {"content": 2, "agent_id": "a", "user_id": "default_user"}]}`,
		"2.json":                           `{"memories": [{"content": 3}], "user_id": "last in the file"}`,
		"memories_" + aUUID + ".json":      `[{"content": 4}]`,
		"nutritionist/march.json":          `[{"content": 5, "agent_id": null, "user_id": ""}]`,
		"neuroscientist/x.json":            `[{"content": 6, "user_id": 17}]`,
		"neuroscientist/y.json":            `[{"content": 7, "agent_id": {"a": 1}}]`,
		"old_agent/specialist_memory.json": `{"relationship_score": 0.5}`,
	})
	_, outcomes := w.run(t, Options{Root: root, UserMap: map[string]string{"default_user": "anna", "nutritionist": "ben"}, AgentMap: map[string]string{"old_agent": "new_agent"}})
	require.Equal(t, []string{"fitness_coach/eve", "a/anna", "unknown/last in the file", "unknown/6f9619ff-8b86-4d11-b42d-00c04fc964ff",
		"neuroscientist/17", "/", "nutritionist/ben", "new_agent/anna"}, each(outcomes, func(o Outcome) string { return o.AgentID + "/" + o.UserID }))
	require.Equal(t, "agent_id: must be a string, got an object", outcomes[5].Reason)

	report, err := Run(t.Context(), Options{Root: filesOf(t, map[string]string{"x.json": `[{"content": 1}]`})}, w.deps())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"user_id: required; give one with --user or --user-map": 1}, report.Reasons)
}

func TestTwoImportsAtOnceMakeOneMemoryOfARecord(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"list.json": numbered(300)})
	reports := make([]*Report, 4)
	var g errgroup.Group
	for i := range reports {
		g.Go(func() (err error) {
			reports[i], err = Run(t.Context(), Options{Root: root, User: "anna", BatchRecords: 50}, Deps{Import: w.handler.Import})
			return err
		})
	}
	require.NoError(t, g.Wait())
	added := 0
	for _, r := range reports {
		added += r.Total.Added
		require.Equal(t, 300, r.Total.Added+r.Total.Unchanged)
	}
	require.Equal(t, 300, added)
	require.EqualValues(t, 300, w.head(t))
}
