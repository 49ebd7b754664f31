package jsonimport

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const aUUID = "6F9619FF-8b86-4d11-b42d-00c04fc964ff"

func TestAgentsByPath(t *testing.T) {
	t.Parallel()
	w := newOwners(Options{AgentMap: map[string]string{"physio": "physical_therapist"}})
	for path, agent := range map[string]string{
		"nutritionist.json":                  "nutritionist",
		"coach.json":                         "fitness_coach",
		"physio_export.json":                 "physical_therapist",
		"exports/nutritionist.json":          "nutritionist",
		"nutritionist/spring.json":           "nutritionist",
		"nutritionist_" + aUUID + ".json":    "nutritionist",
		"neuroscientist/2026/memories.json":  "neuroscientist",
		"pilates_teacher-memories.json":      "pilates_teacher",
		"pilates_teacher/data.json":          "pilates_teacher",
		"exports/2026-01-05.json":            "",
		"memories.json":                      "",
		"data/" + aUUID + ".json":            "",
		"specialist_memory/memories.json":    "",
		"medical_esthetician/2026/03/x.json": "medical_esthetician",
	} {
		require.Equal(t, agent, w.byName(path), path)
	}
	for path, agent := range map[string]string{
		"old/neuroscientist/specialist_memory.json":                      "neuroscientist",
		"old/coach/specialist_memory.json":                               "fitness_coach",
		"old/specialist_memory/nutritionist/specialist_memory.json":      "nutritionist",
		"specialist_memory/nutritionist/2026/old/specialist_memory.json": "nutritionist",
		"nutritionist/specialist_memory.json":                            "nutritionist",
	} {
		require.Equal(t, agent, w.byDirectory(path), path)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newOwners(Options{User: "anna", UserMap: map[string]string{"clients/ben": "ben", "clients/ben/of_cleo.json": "cleo", "nutritionist": "dora", "default_user": "anna"}})
	require.Equal(t, "anna", w.userOf("x.json", "neuroscientist"))
	require.Equal(t, "dora", w.userOf("x.json", "nutritionist"))
	require.Equal(t, "ben", w.userOf("clients/ben/2026/x.json", "nutritionist"))
	require.Equal(t, "cleo", w.userOf("clients/ben/of_cleo.json", "nutritionist"))
	require.Equal(t, "6f9619ff-8b86-4d11-b42d-00c04fc964ff", w.userOf("x_"+aUUID+".json", "neuroscientist"))
	require.Equal(t, "anna", w.renamed("default_user"))
	require.Equal(t, "eve", w.renamed(" eve "))
}

func TestMapFiles(t *testing.T) {
	t.Parallel()
	load := func(text string) (map[string]string, error) {
		file := filepath.Join(t.TempDir(), "map.json")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return LoadUserMap(file)
	}
	users, err := load(`{"clients/ben/": "ben", "x": "y"}`)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"clients/ben": "ben", "x": "y"}, users)

	for text, problem := range map[string]string{
		`[]`:                   "must be a JSON object, got an array",
		`null`:                 "must be a JSON object, got null",
		`{"a": 1}`:             "a: must be a string, got a number",
		`{"a": "b",}`:          "must be valid JSON",
		`{"a": "b", "a": "c"}`: "must not occur twice",
		`{"a": " "}`:           "names must not be empty",
		`{"a": "b", "b": "c"}`: `"a" maps to "b", which maps to "c"`,
		`{"a": "\u0000"}`:      "NUL",
		``:                     "ends too early",
	} {
		_, err := load(text)
		require.ErrorContains(t, err, problem, text)
		require.ErrorContains(t, err, "user map")
	}
	_, err = LoadAgentMap(filepath.Join(t.TempDir(), "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
