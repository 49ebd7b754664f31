package jsonimport

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

const (
	evolutionRecord = `{"timestamp": "2026-01-05T10:00:00.5", "interaction_type": "user_interaction", "learning": "Anna sleeps late", "confidence_delta": 0.1}`
	hypothesisID    = "0b1f6f4e-8f0c-4c58-9d6f-2a6f1c7f5c11"
	hypothesis      = `{"id": "` + hypothesisID + `", "statement": "Screens cost sleep", "confidence": 0.6, "evidence_for": ["a"], "test_count": 2, "last_tested": "2026-02-01T18:30:00"}`
)

func TestSpecialistFile(t *testing.T) {
	fixture{
		path:     "coach/specialist_memory.json",
		text:     `{"evolution_history": [` + evolutionRecord + `, {"timestamp": "2026-01-06T10:00:00", "interaction_type": "collaboration", "learning": "x", "confidence_delta": NaN, "relationship_impact": 0.2}], "relationship_score": 0.7, "hypotheses": [` + hypothesis + `]}`,
		verdicts: "added added added added",
		notes:    []string{"not_a_number confidence_delta"},
		check: func(t *testing.T, added []queries.Memory, _ []Outcome) {
			talk, insight, score, belief := added[0], added[1], added[2], added[3]
			for _, m := range added {
				require.Equal(t, "fitness_coach", m.AgentID)
				require.Equal(t, "anna", m.UserID)
			}
			require.Equal(t, "conversation", talk.Type)
			require.JSONEq(t, `{"timestamp": "2026-01-05T10:00:00.5", "interaction_type": "user_interaction", "learning": "Anna sleeps late",
				"confidence_delta": 0.1, "relationship_impact": 0, "imported_from": "coach/specialist_memory.json"}`, string(talk.Content))
			require.Equal(t, "2026-01-05T09:00:00.5Z", talk.CreatedAt.Format(time.RFC3339Nano))
			require.Equal(t, 0.7, talk.Confidence, "the file's relationship_score, though it stands after the record")
			require.EqualValues(t, 7, talk.ID.Version())
			require.Equal(t, "insight", insight.Type)

			require.Equal(t, "fact", score.Type)
			require.JSONEq(t, `{"kind": "relationship_score", "score": 0.7}`, string(score.Content))
			require.Equal(t, 1.0, score.Confidence)
			require.Equal(t, "2026-05-01T12:00:00Z", score.CreatedAt.Format(time.RFC3339))

			require.Equal(t, hypothesisID, belief.ID.String())
			require.Equal(t, "hypothesis", belief.Type)
			require.Equal(t, 0.6, belief.Confidence)
			require.JSONEq(t, `{"statement": "Screens cost sleep", "evidence_for": ["a"], "evidence_against": [], "test_count": 2,
				"last_tested": "2026-02-01T18:30:00"}`, string(belief.Content))
			require.Equal(t, "2026-02-01T17:30:00Z", belief.CreatedAt.Format(time.RFC3339))
		},
	}.run(t)
}

func TestSpecialistFilesWithMissingAndBrokenParts(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fixture{
		"empty object":      {text: `{}`},
		"no score":          {text: `{"evolution_history": [` + evolutionRecord + `]}`, verdicts: "added", check: confidenceIs(0.5)},
		"a score as text":   {text: `{"evolution_history": [` + evolutionRecord + `], "relationship_score": "0.25"}`, verdicts: "added added", check: confidenceIs(0.25)},
		"a score too high":  {text: `{"evolution_history": [` + evolutionRecord + `], "relationship_score": 7}`, verdicts: "added added", check: confidenceIs(1)},
		"a score of NaN":    {text: `{"evolution_history": [` + evolutionRecord + `], "relationship_score": NaN}`, verdicts: "added rejected", check: confidenceIs(0.5)},
		"only a score":      {text: `{"relationship_score": 0.5}`, verdicts: "added"},
		"null lists":        {text: `{"evolution_history": null, "hypotheses": null}`},
		"twice the same":    {text: `{"evolution_history": [` + evolutionRecord + `,` + evolutionRecord + `]}`, verdicts: "added duplicate"},
		"required missing":  {text: `{"evolution_history": [{"timestamp": "2026-01-01T00:00:00"}, {"learning": "x"}, 5], "hypotheses": [{"id": "x"}]}`, verdicts: "rejected rejected rejected rejected"},
		"an unknown member": {text: `{"evolution_history": [], "mood": "good"}`},
		"truncated": {text: `{"evolution_history": [` + evolutionRecord + `, {"timestamp": "2026`, verdicts: "added rejected",
			problem: "ends too early", check: confidenceIs(0.5)},
		"a hypothesis without id and tests": {text: `{"hypotheses": [{"statement": "x", "confidence": 2}]}`, verdicts: "added", check: confidenceIs(1)},
	} {
		f.path = "specialist_memory/nutritionist/specialist_memory.json"
		t.Run(name, f.run)
	}
}

func confidenceIs(expected float64) func(*testing.T, []queries.Memory, []Outcome) {
	return func(t *testing.T, added []queries.Memory, _ []Outcome) {
		require.Equal(t, "nutritionist", added[0].AgentID)
		require.Equal(t, expected, added[0].Confidence)
	}
}

func TestDuplicateHypotheses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"nutritionist/specialist_memory.json": `{"hypotheses": [
		{"id": "11111111-1111-4111-8111-111111111111", "statement": "Water helps", "confidence": 0.5},
		{"id": "22222222-2222-4222-8222-222222222222", "statement": "Water helps", "confidence": 0.8, "test_count": 3},
		{"id": "33333333-3333-4333-8333-333333333333", "statement": " Water  helps", "confidence": 0.5},
		{"id": "44444444-4444-4444-8444-444444444444", "statement": "Water helps", "confidence": 0.6, "evidence_against": ["a headache"]},
		{"id": "55555555-5555-4555-8555-555555555555", "statement": "Salt hurts", "confidence": 0.5}]}`})

	merged, outcomes := w.run(t, Options{Root: root, MergeDuplicateHypotheses: true, DryRun: true})
	require.Equal(t, 3, merged.Total.Added)
	require.Equal(t, "duplicate added duplicate added added", verdicts(outcomes))
	require.Equal(t, "the same statement as hypotheses[1]", outcomes[0].Reason)

	all, outcomes := w.run(t, Options{Root: root})
	require.Equal(t, 5, all.Total.Added)
	require.Equal(t, 3, all.Notes[NoteDuplicateHypothesis])
	require.Empty(t, outcomes[4].Notes)
}

func TestKnowledgeBase(t *testing.T) {
	fixture{
		path: "knowledge_base.json",
		text: `{"knowledge_base": {"metadata": {"version": 1}, "entries": [{"id": "kb_1", "title": "Light", "content": "Dim it.", "category": "sleep",
			"tags": ["a"], "source": "book", "confidence_score": 0.9, "last_updated": "2026-01-05"}, {"id": "kb_2"}]}}`,
		verdicts: "added rejected",
		check: func(t *testing.T, added []queries.Memory, _ []Outcome) {
			m := added[0]
			require.Equal(t, []any{"knowledge", "knowledge_base", "anna", 0.9}, []any{m.Type, m.AgentID, m.UserID, m.Confidence})
			require.JSONEq(t, `{"id": "kb_1", "title": "Light", "content": "Dim it.", "category": "sleep", "tags": ["a"], "source": "book", "last_updated": "2026-01-05"}`, string(m.Content))
			require.Equal(t, "2026-01-04T23:00:00Z", m.CreatedAt.Format(time.RFC3339))
		},
	}.run(t)
}
