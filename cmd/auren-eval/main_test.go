package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

const daily = "testdata/daily.json"

func TestMain(m *testing.M) { pgtest.Main(m) }

func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs proctest.Output
	code = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), code
}

func readReport(t *testing.T, path string) (r report) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &r))
	return r
}

// The bars are what any ranking must reach on a few plain facts; they go up with the ranking.
func TestRecallFindsDailyFacts(t *testing.T) {
	dataDir, first := pgtest.DataDir(t), filepath.Join(t.TempDir(), "first.json")
	stdout, stderr, code := call(t, daily, "--data-dir", dataDir, "--json", first)
	require.Equal(t, terminal.ExitOK, code, stderr)
	require.Regexp(t, `(?m)^daily +10 +`, stdout)
	require.Regexp(t, `(?m)^  context +3 +`, stdout)

	got := readReport(t, first).Sets[0]
	require.Len(t, got.Questions, 10)
	require.GreaterOrEqual(t, got.All.Recall[0], .99, stdout)
	require.GreaterOrEqual(t, got.All.Recall[1], .99, stdout)
	require.GreaterOrEqual(t, got.All.Recall[2], .99, stdout)
	require.GreaterOrEqual(t, got.All.Any[0], .99, stdout)
	require.GreaterOrEqual(t, got.All.Session[0], .99, stdout)
	require.GreaterOrEqual(t, got.All.MRR, .88, stdout)

	second := filepath.Join(t.TempDir(), "second.json")
	stdout, stderr, code = call(t, daily, "--data-dir", dataDir, "--json", second, "--against", first, "--with", "explain=true", "--typos", "--shuffle")
	require.Equal(t, terminal.ExitOK, code, stderr)
	require.Contains(t, stdout, "Mode: explain=true, shuffled, typos")
	require.Contains(t, stdout, "against first.json")
	worse := readReport(t, second).Sets[0]
	require.InDelta(t, got.All.Recall[1], worse.Against.Before, 1e-9)
	require.InDelta(t, worse.All.Recall[1]-got.All.Recall[1], worse.Against.Difference, 1e-9)
	require.NotEqual(t, worse.Questions[0].Question, worse.Questions[0].Asked)

	_, stderr, code = call(t, daily, "--data-dir", dataDir, "--with", "nonsense=1")
	require.Equal(t, terminal.ExitFailed, code)
	require.Contains(t, stderr, "nonsense")
	left, err := os.ReadDir(dataDir)
	require.NoError(t, err)
	require.Empty(t, left, "a private server is removed")
}

func TestBadInputIsNamed(t *testing.T) {
	t.Parallel()
	conversation := func(turns, questions string) string {
		return `[{"conversation": "c", "turns": [` + turns + `], "questions": [` + questions + `]}]`
	}
	const turn, ask = `{"id": "a", "said_at": "2026-01-01T00:00:00Z", "text": "x"}`, `{"question": "q", "evidence": ["a"]}`
	for want, content := range map[string]string{
		"line 2: ":                              "[{}\n}",
		"must be a JSON list":                   `{}`,
		"turns.text must not be of type number": conversation(`{"id": "a", "text": 1}`, ask),
		"at least one conversation":             `[]`,
		"conversation 1 of the file":            `[{}]`,
		"must have turns and questions":         conversation(turn, ``),
		"turn 2 must have an id of its own":     conversation(turn+`,`+turn, ask),
		"turn b must have a text":               conversation(turn+`,{"id": "b"}`, ask),
		`got "yesterday"`:                       conversation(strings.Replace(turn, "2026-01-01T00:00:00Z", "yesterday", 1), ask),
		"question 2 must have a text":           conversation(turn, ask+`,{"question": "q"}`),
		`evidence "z"`:                          conversation(turn, `{"question": "q", "evidence": ["z"]}`),
	} {
		path := filepath.Join(t.TempDir(), "bad.json")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, stderr, code := call(t, path)
		require.Equal(t, terminal.ExitUsage, code, stderr)
		require.Contains(t, stderr, path)
		require.Contains(t, stderr, want)
	}
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, []byte(`{}`), 0o600))
	for want, args := range map[string][]string{
		"no such file":                           {"missing.json"},
		"the same name":                          {daily, daily},
		"--limit must be 20 to 100":              {daily, "--limit", "5"},
		"a JSON value":                           {daily, "--with", "order=created"},
		"sets this field itself":                 {daily, "--with", "query=1"},
		"must be given once":                     {daily, "--with", "a=1", "--with", "a=2"},
		"has no question 1 of conversation nora": {daily, "--against", empty},
		"--url (AUREN_URL) must be an http":      {daily, "--url", "nowhere"},
		"auren-eval --help":                      {daily, "--nonsense"},
	} {
		_, stderr, code := call(t, args...)
		require.Equal(t, terminal.ExitUsage, code, stderr)
		require.Contains(t, stderr, want)
	}
}

func TestFiguresAreMeansOverQuestions(t *testing.T) {
	t.Parallel()
	c := &conversation{
		Name: "c", sessions: map[string]string{"a": "1", "b": "1", "x": "2", "n": ""},
		Questions: []question{{Question: "both", Evidence: []string{"a", "x"}}, {Question: "late", Evidence: []string{"b"}}, {Question: "none", Evidence: []string{"n"}}},
	}
	late := slices.Insert(slices.Repeat([]string{"n"}, 8), 0, "a")
	late = append(late, "b")
	answers := []answer{newAnswer(c, 0, []string{"b", "a"}, time.Millisecond), newAnswer(c, 1, late, 2*time.Millisecond), newAnswer(c, 2, []string{"x"}, 9*time.Millisecond)}
	f := mean("", answers)
	require.InDeltaSlice(t, []float64{.5 / 3, 1.5 / 3, 1.5 / 3}, f.Recall[:], 1e-9)
	require.InDeltaSlice(t, []float64{1. / 3, 2. / 3, 2. / 3}, f.Any[:], 1e-9)
	require.InDeltaSlice(t, []float64{2. / 3, 2. / 3, 2. / 3}, f.Session[:], 1e-9)
	require.InDelta(t, (1./2+1./10)/3, f.MRR, 1e-9)
	require.InDelta(t, 2, f.P50, 1e-9)
}

func TestABootstrapIsRepeatableAndHoldsTheDifference(t *testing.T) {
	t.Parallel()
	var answers []answer
	before := map[string]float64{}
	for i := range 200 {
		answers = append(answers, answer{Conversation: "c", Number: i, Ranks: []int{i % 2}})
		before[key("f", "c", i, "")] = float64(i / 5 % 2 * (i % 2))
	}
	d := compare("f", answers, before)
	require.Equal(t, d, compare("f", answers, before))
	require.InDelta(t, .5-d.Before, d.Difference, 1e-9)
	require.True(t, 0 < d.Low && d.Low < d.Difference && d.Difference < d.High)
	deviation := 1.96 * .433 / 14.14
	require.InDelta(t, 2*deviation, d.High-d.Low, .2*deviation, "as the normal distribution has it")
}

func TestTransformationsDependOnTheSeedAlone(t *testing.T) {
	t.Parallel()
	read := func(seed uint64) *conversation {
		sets, err := readSets([]string{daily})
		require.NoError(t, err)
		sets[0].transform(true, true, seed)
		return sets[0].conversations[0]
	}
	c := read(1)
	require.Equal(t, c, read(1))
	require.NotEqual(t, c.Turns[0].ID+c.Turns[1].ID+c.Turns[2].ID, read(2).Turns[0].ID+read(2).Turns[1].ID+read(2).Turns[2].ID)
	for i := range c.Turns {
		require.Empty(t, c.Turns[i].Session.String())
		require.True(t, i == 0 || c.Turns[i].at.Sub(c.Turns[i-1].at) == 24*time.Hour)
	}
	r := rand.New(rand.NewPCG(1, 1))
	require.Equal(t, "how are we?", misspell(r, "how are we?"))
	for range 1000 {
		wrong := misspell(r, "is naïve ok")
		require.NotEqual(t, "is naïve ok", wrong)
		require.True(t, utf8.ValidString(wrong) && strings.HasPrefix(wrong, "is ") && strings.HasSuffix(wrong, " ok"))
	}
}
