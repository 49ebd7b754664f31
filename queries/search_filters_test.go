package queries_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries"
)

// A search looks at few memories or at all of them, whichever takes less time: what it finds does not depend on that. The scope is
// larger than a segment, and has a tail.
func TestFiltersLetTheSameThroughHoweverManyThatAre(t *testing.T) {
	w := setup(t)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a sample
	var told []uuid.UUID
	for range 3 {
		batch := make([]commands.Remember, 600)
		for n := range batch {
			text := "morning"
			if n%60 == 0 {
				text += " lighthouse"
			}
			number := random.IntN(1000)
			batch[n] = commands.Remember{Draft: memory.Draft{AgentID: "ada", UserID: "uma", Content: canonjson.Text(text), Confidence: new(float64(number) / 1000),
				Metadata: canonjson.MustParse(fmt.Sprintf(`{"n":%d}`, number))}}
		}
		w.command(t, tenant, func(ctx context.Context) error {
			results, err := w.handler.RememberBatch(ctx, commands.Request{Tenant: tenant}, batch)
			for _, one := range results {
				told = append(told, one.Receipt.ID)
			}
			return err
		})
	}
	before := asOf(1800)
	for i, id := range told[:120] {
		do := forget
		if i%2 == 0 {
			do = reviseTo(memory.Revision{Metadata: canonjson.MustParse(`{"n":5000}`)})
		}
		require.NoError(t, do(t.Context(), w, commands.Request{Tenant: tenant, Meta: domain.Meta{Actor: "tester"}}, id))
	}
	w.project(t)
	for _, filters := range []string{
		`{"metadata.n": {"lt": 1000}}`, `{"metadata.n": {"lt": 100}}`, `{"metadata.n": {"lt": 2}}`, `{"metadata.n": {"lt": 0}}`, `{"metadata.n": 5000}`,
		`{"confidence": {"lt": 0.1}}`, `{"confidence": {"lt": 0.002}}`, `{"NOT": {"metadata.n": {"gt": 20, "lt": 990}}}`,
	} {
		for _, word := range []string{"morning", "lighthouse"} {
			for _, at := range []queries.At{{}, before} {
				t.Run(fmt.Sprint(word, filters, at.AsOf.SequenceID), func(t *testing.T) {
					f := queries.Filter{AgentID: "ada", UserID: "uma", Filters: json.RawMessage(`{"AND": [` + filters + `, {"content": {"contains": "` + word + `"}}]}`)}
					var want, got []uuid.UUID
					for page := (queries.Page{Limit: 1000}); ; {
						list := w.list(t, f, page, at)
						want = append(want, ids(list.Memories)...)
						if page.Cursor = list.NextCursor; page.Cursor == "" {
							break
						}
					}
					f.Filters = json.RawMessage(filters)
					request := queries.SearchRequest{Query: word, Filter: f, Limit: 100, Total: true}
					for {
						found, err := w.reader.Search(t.Context(), tenant, request, at)
						require.NoError(t, err)
						require.Equal(t, len(want), *found.Total)
						for _, hit := range found.Hits {
							got = append(got, hit.Memory.ID)
						}
						if request.Cursor = found.NextCursor; request.Cursor == "" || len(want) > 300 {
							break
						}
					}
					require.Subset(t, want, got)
					if len(want) <= 300 {
						require.ElementsMatch(t, want, got)
					}
				})
			}
		}
	}
}

// A memory that holds no word itself is found by its neighbours in the session, if the filter lets it through.
func TestFiltersLetNeighborsThrough(t *testing.T) {
	w := setup(t)
	in := func(n int) func(*told) { return metadata(fmt.Sprintf(`{"session":"s","n":%d}`, n)) }
	w.add(t, "what about the lighthouse", in(1))
	answer := w.add(t, "it was painted red", in(2))
	w.add(t, "it was sold", in(3))
	for n := range 50 { // among few, all are looked at
		w.tell(t, "something else", in(1000+n), created(epoch.Add(-24*time.Hour)))
	}
	w.project(t)
	request := queries.SearchRequest{Query: "lighthouse", Filter: queries.Filter{Filters: json.RawMessage(`{"metadata.n": 2}`)}, Total: true}
	found, err := w.reader.Search(t.Context(), tenant, request, queries.At{})
	require.NoError(t, err)
	require.Empty(t, found.Hits, "only a memory that is found lends its neighbours a chance")
	request.Filter.Filters = json.RawMessage(`{"metadata.n": {"in": [1, 2]}}`)
	found, err = w.reader.Search(t.Context(), tenant, request, queries.At{})
	require.NoError(t, err)
	require.Len(t, found.Hits, 2)
	require.Equal(t, answer, found.Hits[1].Memory.ID)
	require.Equal(t, 2, *found.Total)
}
