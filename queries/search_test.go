package queries_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

// recall searches and returns the ids of the hits.
func (w *world) recall(t *testing.T, request queries.SearchRequest) (found []uuid.UUID) {
	t.Helper()
	last := 1.0
	for _, hit := range w.search(t, request).Hits {
		require.True(t, hit.Score >= 0 && hit.Score <= last, "the best come first")
		last = hit.Score
		found = append(found, hit.Memory.ID)
	}
	return found
}

func TestSearchAnswersNaturalQuestions(t *testing.T) {
	w := setup(t)
	said := map[string]uuid.UUID{}
	for _, line := range []string{
		"Maya adopted a puppy from the shelter in June and named him Biscuit.",
		"Maya moved to Lisbon for a new position as an architect.",
		"Tom has been training for the Berlin marathon since winter.",
		"Tom is allergic to peanuts and always carries medicine.",
		"Maya paints watercolours of harbours on Sundays.",
		"Tom's sister Elena plays the cello in an orchestra.",
		"Maya and Tom went hiking in the mountains and saw an eagle.",
		"Tom promised Maya to water the plants while she is away.",
		"Maya says the weather was nice.",
		"Tom says the weather was bad.",
	} {
		said[line] = w.add(t, line)
	}
	for question, want := range map[string]string{
		"What is the name of Maya's dog, the puppy she got?":  "Maya adopted a puppy",
		"Which city did Maya move to for her job?":            "Maya moved to Lisbon",
		"What race does Tom train for?":                       "Tom has been training",
		"Is there any food that Tom is allergic to?":          "Tom is allergic",
		"What does Maya like to paint at the weekend?":        "Maya paints",
		"Which instrument does the sister of Tom play?":       "Tom's sister",
		"What bird did they see when hiking in a mountain?":   "Maya and Tom went",
		"Who takes care of the plants when nobody is around?": "Tom promised",
	} {
		hits := w.recall(t, queries.SearchRequest{Query: question})
		require.NotEmpty(t, hits, question)
		for line, id := range said {
			if strings.HasPrefix(line, want) {
				require.Equal(t, id, hits[0], question)
			}
		}
	}
}

func TestSearchExplainsItsScores(t *testing.T) {
	w := setup(t)
	for n := 1; n <= 12; n++ {
		w.add(t, strings.Repeat("tea ", n)+strings.Repeat("filler ", 12-n))
	}
	w.add(t, "tea with "+strings.Repeat("milk ", 60))
	result := w.search(t, queries.SearchRequest{Query: "Teas, or milk? Unheard!", Limit: 100, Explain: true, WithoutNeighbors: true})
	require.Len(t, result.Hits, 13)
	for _, hit := range result.Hits {
		e := hit.Explain
		require.EqualValues(t, 13, e.Memories)
		var text string
		require.NoError(t, json.Unmarshal(hit.Memory.Content, &text))
		sum := 0.0
		for i, word := range []string{"tea", "milk", "unheard"} {
			require.Equal(t, []string{"teas", "milk", "unheard"}[i], e.Words[i].Word)
			require.InDelta(t, min(15, strings.Count(text, word)), e.Words[i].Frequency, 0, "of %s", word)
			require.InDelta(t, []float64{13, 1, 0}[i], e.Words[i].Documents, 0)
			sum += e.Words[i].Score
		}
		require.InDelta(t, hit.Score, sum, 1e-12)
	}
	plain := w.search(t, queries.SearchRequest{Query: "tea"})
	require.Nil(t, plain.Hits[0].Explain)
	require.Len(t, plain.Hits, queries.DefaultSearchLimit)
}

func TestSearchKeepsToScopeAndFilter(t *testing.T) {
	w := setup(t)
	day := 24 * time.Hour
	plain := w.add(t, "green tea")
	bob := w.add(t, "green tea", scope("bob", "uma"))
	ulf := w.add(t, "green tea", scope("ada", "ulf"))
	once := w.add(t, "green tea", scope("cyd", "ulf"), valid(epoch.Add(-day), epoch))
	fact := w.add(t, "green tea", kind("fact"), confidence(0.9), created(epoch.Add(-2*day)), updated(epoch.Add(-day)),
		metadata(`{"topic":"drinks"}`), expires(now.Add(day)))
	w.add(t, "green tea", in("other"))
	w.add(t, "green tea", then(forget))
	w.add(t, "green tea", then(expire), expires(epoch))
	w.add(t, "green tea", expires(now))
	w.add(t, "coffee")
	for name, c := range map[string]struct {
		filter queries.Filter
		want   []uuid.UUID
	}{
		"the tenant":     {queries.Filter{}, []uuid.UUID{plain, bob, ulf, once, fact}},
		"agent":          {queries.Filter{AgentID: "ada"}, []uuid.UUID{plain, ulf, fact}},
		"user":           {queries.Filter{UserID: "uma"}, []uuid.UUID{plain, bob, fact}},
		"agent and user": {queries.Filter{AgentID: "ada", UserID: "uma"}, []uuid.UUID{plain, fact}},
		"nobody":         {queries.Filter{AgentID: "nobody"}, nil},
		"type":           {queries.Filter{MemoryTypes: []string{"fact"}}, []uuid.UUID{fact}},
		"confidence":     {queries.Filter{MinConfidence: new(0.9), MaxConfidence: new(0.9)}, []uuid.UUID{fact}},
		"created after":  {queries.Filter{CreatedAfter: new(epoch)}, []uuid.UUID{plain, bob, ulf, once}},
		"created before": {queries.Filter{CreatedBefore: new(epoch)}, []uuid.UUID{fact}},
		"updated after":  {queries.Filter{UpdatedAfter: new(epoch)}, []uuid.UUID{plain, bob, ulf, once}},
		"updated before": {queries.Filter{UpdatedBefore: new(epoch)}, []uuid.UUID{fact}},
		"recorded after": {queries.Filter{RecordedAfter: new(recorded(5))}, []uuid.UUID{fact}},
		"expires before": {queries.Filter{ExpiresBefore: new(now.Add(2 * day))}, []uuid.UUID{fact}},
		"metadata":       {queries.Filter{Metadata: []byte(`{"topic":"drinks"}`)}, []uuid.UUID{fact}},
		"state":          {queries.Filter{State: "active", UserID: "ulf"}, []uuid.UUID{ulf, once}},
		"valid then":     {queries.Filter{UserID: "ulf", ValidAt: new(epoch.Add(-1))}, []uuid.UUID{ulf, once}},
		"valid no more":  {queries.Filter{UserID: "ulf", ValidAt: &epoch}, []uuid.UUID{ulf}},
	} {
		t.Run(name, func(t *testing.T) {
			require.ElementsMatch(t, c.want, w.recall(t, queries.SearchRequest{Query: "who drinks tea", Filter: c.filter}))
		})
	}
}

// The index has one entry for both.
func TestSearchTellsScopesWithSlashesApart(t *testing.T) {
	w := setup(t)
	one := w.add(t, "green tea", scope("a/b", "c"))
	other := w.add(t, "green tea", scope("a", "b/c"))
	ofAgent := w.add(t, "green tea", scope("b", "uma"))
	ofUser := w.add(t, "green tea", scope("x", "/b/"))
	longAgent, longUser := strings.Repeat("🐌", 100), strings.Repeat("🐚", 255)
	long := w.add(t, "green tea", scope(longAgent, longUser))
	for _, c := range []struct {
		filter queries.Filter
		want   []uuid.UUID
	}{
		{queries.Filter{AgentID: "a/b", UserID: "c"}, []uuid.UUID{one}},
		{queries.Filter{AgentID: "a", UserID: "b/c"}, []uuid.UUID{other}},
		{queries.Filter{AgentID: "a/b"}, []uuid.UUID{one}},
		{queries.Filter{AgentID: "b"}, []uuid.UUID{ofAgent}},
		{queries.Filter{UserID: "/b/"}, []uuid.UUID{ofUser}},
		{queries.Filter{AgentID: "/b"}, nil},
		{queries.Filter{AgentID: longAgent, UserID: longUser}, []uuid.UUID{long}},
	} {
		require.ElementsMatch(t, c.want, w.recall(t, queries.SearchRequest{Query: "tea", Filter: c.filter}), "%+v", c.filter)
	}
}

func TestSearchCountsWordsWhereTheFilterDoesNotLook(t *testing.T) {
	w := setup(t)
	w.add(t, "common rare", kind("fact"))
	for range 9 {
		w.add(t, "common")
	}
	w.add(t, "rare", in("other"))
	w.add(t, "rare", then(forget))
	facts := queries.Filter{MemoryTypes: []string{"fact"}}
	result := w.search(t, queries.SearchRequest{Query: "common rare", Filter: facts, Explain: true})
	require.Len(t, result.Hits, 1)
	require.InDelta(t, 10, result.Hits[0].Explain.Words[0].Documents, 0)
	require.InDelta(t, 1, result.Hits[0].Explain.Words[1].Documents, 0)
}

func TestSearchKeepsToWhatMustAndMustNotStand(t *testing.T) {
	w := setup(t)
	exact := w.add(t, "the support group meets on Friday")
	apart := w.add(t, "the group offers support on Monday")
	other := w.add(t, "support")
	for name, c := range map[string]struct {
		request queries.SearchRequest
		want    []uuid.UUID
	}{
		"a quoted phrase adds to the score": {queries.SearchRequest{Query: `"support group"`}, []uuid.UUID{exact, apart, other}},
		"phrase":                            {queries.SearchRequest{Query: "when", Phrase: []string{"support group"}}, []uuid.UUID{exact}},
		"phrase alone":                      {queries.SearchRequest{Phrase: []string{"support groups"}}, []uuid.UUID{exact}},
		"must not":                          {queries.SearchRequest{Query: "support group", MustNot: []string{"friday"}}, []uuid.UUID{apart, other}},
		"must":                              {queries.SearchRequest{Query: "support", Must: []string{"group monday"}}, []uuid.UUID{apart}},
		"must, must not":                    {queries.SearchRequest{Must: []string{"group"}, MustNot: []string{"offer"}}, []uuid.UUID{exact}},
		"must not a word nowhere":           {queries.SearchRequest{Query: "support", MustNot: []string{"tea"}}, []uuid.UUID{other, apart, exact}},
		"prefix":                            {queries.SearchRequest{Prefix: "Fri"}, []uuid.UUID{exact}},
		"a dash is text":                    {queries.SearchRequest{Query: "support -friday"}, []uuid.UUID{exact, other, apart}},
		"a quote without an end":            {queries.SearchRequest{Query: `"support group`}, []uuid.UUID{exact, apart, other}},
		"too low a score":                   {queries.SearchRequest{Query: "support monday", MinScore: 0.5}, []uuid.UUID{apart}},
	} {
		t.Run(name, func(t *testing.T) {
			require.ElementsMatch(t, c.want, w.recall(t, c.request))
		})
	}
	require.Equal(t, exact, w.recall(t, queries.SearchRequest{Query: `"support group"`})[0])
}

// What real queries broke: a memory is found by its own text, whatever stands in it.
func TestAMemoryIsFoundByItsOwnText(t *testing.T) {
	w := setup(t)
	texts := []string{"rm -rf", "x -y", "temperature -5", "score 3 -2", "He was 30 -ish", "-buy milk", "tar -xzf", "line one\\n-line two",
		"café", "ＡＢＣ１２３", "ﬁsh", "H₂O", "co\u00adoperate", "zebra\u200bcrossing", "Straße", "我喜欢喝茶", "寿司が好き", "ฉันชอบกาแฟ",
		"👩‍👩‍👧", "%", "*", "to be or not to be", "don't", "A", strings.Repeat("0123456789abcdef", 8), "-1"}
	for _, text := range texts {
		id := w.add(t, unquote(t, text))
		require.Contains(t, w.recall(t, queries.SearchRequest{Query: unquote(t, text), Limit: 50}), id, text)
	}
	for query, text := range map[string]string{"cafe": "café", "abc123": "ＡＢＣ１２３", "fish": "ﬁsh", "h2o": "H₂O", "cooperate": "co\u00adoperate",
		"zebracrossing": "zebra\u200bcrossing", "strasse": "Straße", "喝茶": "我喜欢喝茶", "寿司": "寿司が好き", "กาแฟ": "ฉันชอบกาแฟ"} {
		hits := w.search(t, queries.SearchRequest{Query: query, Limit: 1}).Hits
		require.NotEmpty(t, hits, query)
		require.JSONEq(t, `"`+text+`"`, string(hits[0].Memory.Content), query)
	}
}

func unquote(t *testing.T, text string) (plain string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &plain))
	return plain
}

func TestSearchForgivesTypos(t *testing.T) {
	w := setup(t)
	nuts := w.add(t, "Tom is allergic to peanuts")
	w.add(t, "Maya likes coffee")
	for _, query := range []string{"alergic", "allergci", "peanutz", "pea"} {
		require.Equal(t, []uuid.UUID{nuts}, w.recall(t, queries.SearchRequest{Query: query}), query)
	}
	hit := w.search(t, queries.SearchRequest{Query: "peanutz", Explain: true}).Hits[0]
	require.Equal(t, "typo", hit.Explain.Words[0].Kind)
	require.Empty(t, w.recall(t, queries.SearchRequest{Query: "xylophone"}))
}

func TestSearchRefusesBadInputAndNamesIt(t *testing.T) {
	w := setup(t)
	w.add(t, "tea")
	for name, c := range map[string]struct {
		field   string
		request queries.SearchRequest
	}{
		"empty":          {"query", queries.SearchRequest{Query: " \t\n"}},
		"only must not":  {"query", queries.SearchRequest{MustNot: []string{"tea"}}},
		"empty must":     {"must", queries.SearchRequest{Query: "tea", Must: []string{""}}},
		"too many":       {"must", queries.SearchRequest{Query: "tea", MustNot: slices.Repeat([]string{"a"}, 33)}},
		"too long":       {"query", queries.SearchRequest{Query: strings.Repeat("a", 100_001)}},
		"score":          {"min_score", queries.SearchRequest{Query: "tea", MinScore: 1.5}},
		"weight":         {"weights.recency", queries.SearchRequest{Query: "tea", Weights: queries.Weights{Recency: -1}}},
		"weights":        {"weights", queries.SearchRequest{Query: "tea", Weights: queries.Weights{Recency: 0.6, Confidence: 0.6}}},
		"NUL":            {"query", queries.SearchRequest{Query: "a\x00b"}},
		"no UTF-8":       {"query", queries.SearchRequest{Query: "\xff"}},
		"limit":          {"limit", queries.SearchRequest{Query: "tea", Limit: 101}},
		"negative limit": {"limit", queries.SearchRequest{Query: "tea", Limit: -1}},
		"state":          {"state", queries.SearchRequest{Query: "tea", Filter: queries.Filter{State: "forgotten"}}},
		"filter":         {"min_confidence", queries.SearchRequest{Query: "tea", Filter: queries.Filter{MinConfidence: new(2.0)}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.reader.Search(t.Context(), tenant, c.request, queries.At{})
			requireInvalid(t, err, c.field)
		})
	}
	_, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "tea"}, queries.At{MinSequenceID: -1})
	requireInvalid(t, err, "min_sequence_id")
}

func TestSearchTakesAnyText(t *testing.T) {
	w := setup(t)
	w.add(t, `it's a \ back'slash "quoted" mail@example.org https://example.org/a?b=c 10.0.0.1 naïve 日本語 🍵 -5.5e3`)
	for _, query := range []string{
		`it's`, `back'slash`, `\`, `'`, `''`, `\'`, `a & b | !c <-> d:*`, `mail@example.org`, `https://example.org/a?b=c`, `10.0.0.1`,
		`日本語`, `🍵`, `naïve`, `"`, `"" ""`, `-`, `$1 %s ; drop table events; --`, strings.Repeat("many different words ", 100),
		strings.Join(strings.Split(strings.Repeat("ab", 200), ""), " x"), "tab\tand\nnewline", `"mail@example.org"`, `quoted -"back'slash x"`,
	} {
		w.search(t, queries.SearchRequest{Query: query, Explain: true})
	}
	require.Len(t, w.recall(t, queries.SearchRequest{Query: `mail@example.org`}), 1)
	require.Len(t, w.recall(t, queries.SearchRequest{Query: `日本語`}), 1)
}

func TestSearchLooksForTheRarestWordsOfALongQuery(t *testing.T) {
	w := setup(t)
	rare := w.add(t, "omega")
	unknown, common := "", ""
	for i := range 40 {
		unknown += fmt.Sprintf(" word%d", i)
		common += fmt.Sprintf(" frequent%d", i)
	}
	w.add(t, common)
	w.add(t, common)
	result := w.search(t, queries.SearchRequest{Query: unknown + common + " omega", WithoutNeighbors: true})
	require.Equal(t, rare, result.Hits[len(result.Hits)-1].Memory.ID)
	require.Contains(t, result.Hint, "rarest")
	none := w.search(t, queries.SearchRequest{Query: "xylophone"}).Hits
	require.NotNil(t, none, "an empty result is [] in JSON, not null")
	require.Empty(t, none)
}

// once does something when the first statement has been answered.
type once struct {
	sync.Once
	do func()
}

func (o *once) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (o *once) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) { o.Do(o.do) }

func TestSearchShowsMemoriesAsTheyWereWhenItBegan(t *testing.T) {
	w := setup(t)
	changed, gone, kept := w.add(t, "green tea"), w.add(t, "green tea"), w.add(t, "green tea")
	config := w.pool.Config()
	config.ConnConfig.Tracer = &once{do: func() {
		w.change(t, changed, revise(`"black coffee"`))
		w.change(t, gone, forget)
	}}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	reader := queries.New(pool, queries.Config{Now: func() time.Time { return now }})
	result, err := reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "tea"}, queries.At{})
	require.NoError(t, err)
	require.Equal(t, int64(5), w.sequence[tenant], "they changed meanwhile")
	require.Equal(t, int64(3), result.SequenceID)
	var found []uuid.UUID
	for _, hit := range result.Hits {
		require.Equal(t, `"green tea"`, string(hit.Memory.Content))
		require.Equal(t, 1, hit.Memory.Version)
		found = append(found, hit.Memory.ID)
	}
	require.ElementsMatch(t, []uuid.UUID{changed, gone, kept}, found)
}

func TestSearchAnswersAsOfThePositionThatBothProjectionsHaveReached(t *testing.T) {
	w := setup(t)
	kept, gone := w.add(t, "green tea"), w.add(t, "green tea")
	w.command(t, tenant, func(ctx context.Context) error { return forget(ctx, w, w.told(nil).Request, gone) })
	w.project(t, 0)
	result := w.search(t, queries.SearchRequest{Query: "tea"})
	require.Equal(t, int64(2), result.SequenceID)
	require.ElementsMatch(t, []uuid.UUID{kept, gone}, []uuid.UUID{result.Hits[0].Memory.ID, result.Hits[1].Memory.ID})
}

func TestSearchOfThePastAnswersWhatItAnsweredThen(t *testing.T) {
	w := setup(t)
	a := w.add(t, "green tea")
	w.add(t, "green tea and coffee")
	request := queries.SearchRequest{Query: "tea", Explain: true}
	then := w.search(t, request)
	w.change(t, a, revise(`"milk"`))
	w.add(t, "more tea")
	past, err := w.reader.Search(t.Context(), tenant, request, asOf(2))
	require.NoError(t, err)
	require.Equal(t, then, past)
}

func TestSearchOfFewMemoriesIsExactThoughSearchIsBehind(t *testing.T) {
	w := setup(t)
	for i := range 200 {
		w.tell(t, fmt.Sprintf("zebra note x%d", i))
	}
	best := w.add(t, strings.Repeat("zebra ", 50)+"and eight other words that make it somewhat longer")
	first := func() uuid.UUID { return w.recall(t, queries.SearchRequest{Query: "zebra", Limit: 5})[0] }
	require.Equal(t, best, first())
	w.tell(t, "another")
	w.project(t, 0)
	require.Equal(t, best, first())
}
