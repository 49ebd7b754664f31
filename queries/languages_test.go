package queries_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

// speak makes the index of a tenant in other languages, as another process would.
func (w *world) speak(t *testing.T, tenant domain.Tenant, languages ...string) {
	t.Helper()
	require.NoError(t, rebuild.Run(t.Context(), w.pool, []projections.Projection{search.New()}, inLanguages(t, tenant, languages...)))
}

func inLanguages(t *testing.T, tenant domain.Tenant, languages ...string) rebuild.Config {
	t.Helper()
	set, _, err := search.InLanguages(tenant, languages)
	require.NoError(t, err)
	config := rebuild.Config{Settings: set}
	if tenant != search.EveryTenant {
		config.Tenants = []domain.Tenant{tenant}
	}
	return config
}

// found returns the ids of what a reader finds in a tenant; a word as likely as not to be a typo of another is none.
func found(t *testing.T, r *queries.Reader, tenant domain.Tenant, query string, at queries.At) []uuid.UUID {
	t.Helper()
	result, err := r.Search(t.Context(), tenant, queries.SearchRequest{Must: []string{query}, WithoutNeighbors: true}, at)
	require.NoError(t, err)
	var ids []uuid.UUID
	for _, hit := range result.Hits {
		ids = append(ids, hit.Memory.ID)
	}
	return ids
}

func (w *world) searchTables(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range search.New().Tables() {
		all[table] = pgtest.Rows[string](t, w.pool, "select r::text from "+table+" as r order by 1")
	}
	return all
}

func TestACursorIsOfTheLanguagesOfTheIndex(t *testing.T) {
	w := setup(t)
	for range 3 {
		w.add(t, "green tea")
	}
	request := queries.SearchRequest{Query: "tea", Limit: 1}
	request.Cursor = w.search(t, request).NextCursor
	request.Cursor = w.search(t, request).NextCursor
	w.speak(t, tenant, "german")
	_, err := w.reader.Search(t.Context(), tenant, request, queries.At{})
	requireInvalid(t, err, "cursor")
	require.ErrorContains(t, err, "other languages")
}

func TestEachTenantIsSearchedInItsLanguages(t *testing.T) {
	w := setup(t)
	const german, japanese, english domain.Tenant = "de-shop", "ja-shop", tenant
	texts := []string{"Er wohnt in alten Häusern", "東京で二匹の猫と running shoes を買う", "He went running in the old houses"}
	told := map[domain.Tenant][]uuid.UUID{}
	w.speak(t, german, "german") // before its first event
	for _, name := range []domain.Tenant{german, japanese, english} {
		for _, text := range texts {
			told[name] = append(told[name], w.add(t, text, in(name)))
		}
	}
	other := queries.New(w.pool, queries.Config{Now: func() time.Time { return now }}) // another process
	is := func(name domain.Tenant, query string, which ...int) {
		t.Helper()
		want := []uuid.UUID(nil)
		for _, i := range which {
			want = append(want, told[name][i])
		}
		for _, r := range []*queries.Reader{w.reader, other} {
			require.ElementsMatch(t, want, found(t, r, name, query, queries.At{}), "%s %s", name, query)
			require.ElementsMatch(t, want, found(t, r, name, query, asOf(w.sequence[name])), "%s %s then", name, query)
		}
	}
	is(german, "Hauses", 0)
	is(german, "alter", 0)
	is(german, "went", 2)
	is(german, "go")
	is(english, "Hauses")
	is(english, "go", 2)
	is(english, "run", 1, 2)
	is(japanese, "猫", 1)
	is(japanese, "run", 1, 2)

	w.speak(t, japanese, "ja", "en") // analyzed as English was
	is(japanese, "猫", 1)
	is(japanese, "run", 1, 2)
	w.speak(t, japanese, "ja")
	is(japanese, "猫", 1)
	is(japanese, "running", 1, 2)
	is(japanese, "run")
	is(english, "run", 1, 2)

	// The same languages, the same tables, whichever way they were made.
	tables := w.searchTables(t)
	comparison, err := rebuild.Verify(t.Context(), w.pool, []projections.Projection{search.New()}, rebuild.Config{})
	require.NoError(t, err)
	require.True(t, comparison.Equal, "%+v", comparison)
	require.NoError(t, rebuild.Run(t.Context(), w.pool, []projections.Projection{search.New()}, rebuild.Config{}))
	require.Equal(t, tables, w.searchTables(t))

	for _, name := range []domain.Tenant{german, japanese, english} {
		told[name] = append(told[name], w.add(t, "houses", in(name)))
	}
	is(german, "Haus", 0)
	is(english, "house", 2, 3)
	is(japanese, "house")
	is(japanese, "houses", 2, 3)

	// Every tenant without languages of its own.
	w.speak(t, search.EveryTenant, "de", "en")
	is(english, "Hauses", 0)
	is(english, "house", 2, 3)
	is(japanese, "house")
	is(german, "go")
	all, err := search.ReadLanguages(t.Context(), w.pool)
	require.NoError(t, err)
	require.Equal(t, []search.TenantLanguages{
		{Tenant: search.EveryTenant, Languages: []string{"en", "de"}}, {Tenant: german, Languages: []string{"de"}}, {Tenant: japanese, Languages: []string{"ja"}},
	}, all)
	w.speak(t, english, "en")
	is(english, "Hauses")

	_, _, err = search.InLanguages(english, []string{"klingon"})
	requireInvalid(t, err, "language")
}

func TestALanguageThatThisProgramLacksIsNamed(t *testing.T) {
	w := setup(t)
	w.add(t, "tea")
	w.exec(t, "insert into search_languages values ('', 'klingon')")
	_, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "tea"}, queries.At{})
	require.Equal(t, domain.Unavailable, domain.KindOf(err))
	require.ErrorContains(t, err, "klingon")
	w.tell(t, "milk")
	require.ErrorContains(t, w.runners[1].CatchUp(t.Context()), "klingon")
}

// Each of the words is another term in each of the languages, so memories are found only if what analyzes the query is what analyzed
// the index.
func TestReadersSeeNoHalfOfAChangeOfLanguages(t *testing.T) {
	w := setup(t)
	const memories = 20
	for range memories {
		w.add(t, "went Häusern")
	}
	var failed atomic.Pointer[string]
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				result, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Must: []string{"went", "Häusern"}, Limit: 100}, queries.At{})
				if err != nil {
					failed.Store(new(err.Error()))
				} else if len(result.Hits) != memories {
					failed.Store(new(fmt.Sprintf("a reader found %d memories", len(result.Hits))))
				}
			}
		})
	}
	for i := range 6 {
		w.speak(t, tenant, []string{"de", "en"}[i%2])
	}
	close(stop)
	readers.Wait()
	if message := failed.Load(); message != nil {
		t.Error(*message)
	}
}

// Nothing changes before the switch, everything with it.
func TestAChangeOfLanguagesIsSeenAtTheSwitch(t *testing.T) {
	w := setup(t)
	w.add(t, "alte Häuser")
	config := inLanguages(t, tenant, "de")
	var phases []rebuild.Phase
	config.Progress = func(p rebuild.Progress) {
		if !slices.Contains(phases, p.Phase) {
			phases = append(phases, p.Phase)
			require.Empty(t, found(t, w.reader, tenant, "Haus", queries.At{}), p.Phase)
			if p.Phase == rebuild.Filling {
				w.tell(t, "neue Häuser")
			}
		}
	}
	require.NoError(t, rebuild.Run(t.Context(), w.pool, []projections.Projection{search.New()}, config))
	require.Equal(t, []rebuild.Phase{rebuild.Filling, rebuild.CatchingUp, rebuild.Switching}, phases)
	require.Len(t, found(t, w.reader, tenant, "Haus", queries.At{}), 1)
	w.project(t, 0)
	require.Len(t, found(t, w.reader, tenant, "Haus", queries.At{}), 2, "told meanwhile, and ahead of agent_memories")
	all, err := generation.List(t.Context(), w.pool)
	require.NoError(t, err)
	require.Len(t, all, 2, "nothing is left behind")
	w.add(t, "drei Häuser")
	require.Len(t, found(t, w.reader, tenant, "Haus", queries.At{}), 3, "the projector goes on")
}
