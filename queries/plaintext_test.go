package queries_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

// What people say is not a query language, whatever it looks like.

func TestNoSignInAQuestionExcludesOrRequires(t *testing.T) {
	w := setup(t)
	ids := map[string]uuid.UUID{}
	for _, text := range []string{"rm -rf", "- buy milk", "git push --force", "-1", "Ana likes coffee from Ethiopia", "the sea"} {
		ids[text] = w.add(t, text)
	}
	for query, want := range map[string]string{
		"rm -rf": "rm -rf", "(-rf)": "rm -rf", "-rf": "rm -rf", "what does rm -rf do? -Ana": "rm -rf",
		"-buy milk": "- buy milk", "milk -eggs": "- buy milk", "milk\n-coffee -Ethiopia": "Ana likes coffee from Ethiopia",
		"--force": "git push --force", "-1": "-1", `what is the "best coffee" Ana likes`: "Ana likes coffee from Ethiopia",
		`"coffee Ana"`: "Ana likes coffee from Ethiopia", `likes "coffee`: "Ana likes coffee from Ethiopia", "+coffee AND NOT likes | !Ana": "Ana likes coffee from Ethiopia",
		"coffee:* & 'Ana' <-> likes": "Ana likes coffee from Ethiopia",
	} {
		hits := w.recall(t, queries.SearchRequest{Query: query})
		require.NotEmpty(t, hits, query)
		require.Equal(t, ids[want], hits[0], query)
	}
}

// Stop words, symbols and long runs are looked for where they are all there is; the newest memories are never an answer.
func TestAQuestionThatNothingAnswersHasNoAnswer(t *testing.T) {
	w := setup(t)
	sha := strings.Repeat("0123456789abcdef", 8)
	queriesAndTexts := map[string]string{
		"Will": "Will", "Don": "Don", "IT": "IT", "It is what it is": "It is what it is", "don't": "I don't", "A": "A", `"to be or not to be"`: "to be or not to be",
		"🎉": "🎉", "👩‍👩‍👧": "👩‍👩‍👧", "%": "%", "*": "*", "???": "???", sha: sha, strings.Repeat("z", 200): strings.Repeat("z", 200),
	}
	w.add(t, "green tea")
	w.add(t, "black coffee")
	for query := range queriesAndTexts {
		result := w.search(t, queries.SearchRequest{Query: query})
		require.Empty(t, result.Hits, query)
		require.NotEmpty(t, result.Hint, query)
	}
	for query, text := range queriesAndTexts {
		user := text[:min(len(text), 20)] // of each memory: some have words of others
		id := w.add(t, text, scope("ada", user))
		require.Equal(t, []uuid.UUID{id}, w.recall(t, queries.SearchRequest{Query: query, Filter: queries.Filter{UserID: user}}), query)
	}
	// A phrase of stop words next to another word counts.
	hamlet := w.add(t, "Hamlet asks to be or not to be")
	w.add(t, "Hamlet asks whether not to be or to be")
	require.Equal(t, hamlet, w.recall(t, queries.SearchRequest{Query: `Hamlet "to be or not to be"`})[0])
}

func TestTextsAreFoundInAnyForm(t *testing.T) {
	w := setup(t)
	for i, c := range []struct{ text, query string }{
		{"café", "cafe\u0301"}, {"cafe\u0301", "café"}, {"café", "cafe"}, {"cafe", "café"}, {"ＡＢＣ１２３", "abc123"}, {"ABC123", "ＡＢＣ１２３"}, {"ﬁsh", "fish"}, {"fish", "ﬁsh"},
		{"H₂O", "H2O"}, {"H2O", "H₂O"}, {"co\u00adoperate", "cooperate"}, {"cooperate", "co\u00adoperate"}, {"zebra\u200bcrossing", "zebracrossing"},
		{"Straße", "strasse"}, {"STRASSE", "straße"}, {"我今天喜欢喝茶", "喝茶"}, {"昨日は寿司を食べた", "寿司"}, {"ฉันชอบกาแฟมาก", "กาแฟ"}, {"한국어를 배운다", "한국어"}, {"İstanbul", "istanbul"},
	} {
		user := fmt.Sprint("user", i) // a memory each, and one that does not match
		id := w.add(t, c.text, scope("ada", user))
		w.add(t, "unrelated", scope("ada", user))
		require.Equal(t, []uuid.UUID{id}, w.recall(t, queries.SearchRequest{Query: c.query, Filter: queries.Filter{UserID: user}}), "%q by %q", c.text, c.query)
	}
}

func TestTheOnlyKnownWordOfALongQuestionIsFound(t *testing.T) {
	w := setup(t)
	id := w.add(t, "omega")
	w.add(t, "tea")
	for _, unknown := range []int{31, 32, 33, 1000} {
		var words []string
		for i := range unknown {
			words = append(words, fmt.Sprintf("qx%dzv", i))
		}
		require.Equal(t, []uuid.UUID{id}, w.recall(t, queries.SearchRequest{Query: strings.Join(words, " ") + " omega"}), unknown)
	}
}

func TestAllOfAMemoryIsSearched(t *testing.T) {
	w := setup(t)
	id := w.add(t, map[string]any{"allergy": "nuts", "vegan": true, "shoe size": 42}, metadata(`{"ticket": 4711, "order": "A-17", "nested": {"deep": ["harbour"]}}`), kind("preference"))
	long := w.add(t, strings.Repeat("filler words that say nothing ", 20_000)+"needle")
	empty := []uuid.UUID{w.add(t, "", metadata(`{"topic": "emptiness"}`)), w.add(t, map[string]any{}, metadata(`{"topic": "emptiness"}`)), w.add(t, nil, metadata(`{"topic": "emptiness"}`))}
	for _, query := range []string{"allergy", "nuts", "vegan", "true", "42", "shoe size", "4711", "A-17", "harbour", "preference"} {
		require.Equal(t, []uuid.UUID{id}, w.recall(t, queries.SearchRequest{Query: query}), query)
	}
	require.Equal(t, []uuid.UUID{long}, w.recall(t, queries.SearchRequest{Query: "needle"}), "at the end of a long memory")
	require.ElementsMatch(t, empty, w.recall(t, queries.SearchRequest{Query: "emptiness"}), "without content")
}
