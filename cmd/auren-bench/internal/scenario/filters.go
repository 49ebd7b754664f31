package scenario

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/queries"
)

// filterNumbers are the numbers below 1,000 up to which memories pass: so many thousandths of them.
var filterNumbers = []int{1000, 100, 1, 0}

// filterConditions are filters for memories with a number below a limit.
var filterConditions = []struct {
	name string
	of   func(limit int) string
}{
	{"metadata", func(limit int) string { return fmt.Sprintf(`{"metadata.n": {"lt": %d}}`, limit) }},
	{"confidence", func(limit int) string { return fmt.Sprintf(`{"confidence": {"lt": %v}}`, float64(limit)/1000) }},
}

// benchFilters searches and lists a scope of 10,000 memories with filters that let more or fewer of them pass, beside the same
// without a filter.
func benchFilters(ctx context.Context, b *run) error {
	s := world.Scope{Agent: "filtered", Memories: min(10_000, b.Events), Numbered: true}
	others := world.EvenScopes(max(b.Events-s.Memories, 0), max((b.Events-s.Memories)/smallScope, 1))
	if err := b.readable(ctx, append(others, s)); err != nil {
		return err
	}
	question := searchQuestions[len(searchQuestions)-1]
	filter := func(filters string) queries.Filter {
		return queries.Filter{AgentID: s.Agent, UserID: world.User, Filters: json.RawMessage(filters)}
	}
	for _, kind := range []struct {
		name, unit string
		do         func(ctx context.Context, filters string) (int, error)
	}{
		{"recall", "searches", func(ctx context.Context, filters string) (int, error) {
			result, err := b.Reader.Search(ctx, world.Tenant, queries.SearchRequest{Query: question.words, Filter: filter(filters)}, queries.At{})
			return len(result.Hits), err
		}},
		{"list", "reads", func(ctx context.Context, filters string) (int, error) {
			result, err := b.Reader.List(ctx, world.Tenant, filter(filters), queries.Page{}, queries.At{})
			return len(result.Memories), err
		}},
	} {
		for _, condition := range filterConditions {
			for _, limit := range filterNumbers {
				load := func(filters string, passes bool) func(context.Context) (measure.Sample, error) {
					return measure.Load(1, b.Duration/2, func(ctx context.Context, _ int) error {
						found, err := kind.do(ctx, filters)
						if passes {
							return some(found, err)
						}
						return err
					})
				}
				err := b.Compare(ctx, measure.Result{Case: fmt.Sprintf("%s, %s passes %v %%", kind.name, condition.name, float64(limit)/10)},
					measure.Floor("without a filter", kind.unit, load(`{}`, true)),
					measure.Subject("with it", kind.unit, load(condition.of(limit), limit >= 100)))
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}
