package scenario

import (
	"context"
	"fmt"

	"github.com/auren-memory/auren/queries"
)

// searchShares are the sizes of the scopes that are searched, as parts of all memories.
var searchShares = []int{1000, 100, 10}

// question is one of those asked: in words, and as the naive way has to have it.
type question struct{ name, words, naive string }

var searchQuestions = []question{
	{"rare word", rareWord, rareWord},
	{"medium word", mediumWord, mediumWord},
	{"common word", commonWord, commonWord},
	{"medium or common", mediumWord + " " + commonWord, mediumWord + " | " + commonWord},
	{
		"natural question", fmt.Sprintf("what did she say about the %s and the %s in the %s?", rareWord, mediumWord, commonWord),
		"say | " + rareWord + " | " + mediumWord + " | " + commonWord,
	},
}

// smallScope is the size of the scopes that are not searched.
const smallScope = 1000

// benchSearch asks questions, one after the other, in a small, a middle and a large scope among many.
func benchSearch(ctx context.Context, b *run) ([]Result, error) {
	var searched []scope
	left := b.Events
	for i, share := range searchShares {
		s := scope{fmt.Sprintf("searched%d", i), max(b.Events/share, 10)}
		searched = append(searched, s)
		left -= s.memories
	}
	others := evenScopes(max(left, 0), max(left/smallScope, 1))
	if err := b.readable(ctx, append(others, searched...)); err != nil {
		return nil, err
	}
	var results []Result
	for _, s := range searched {
		for _, q := range searchQuestions {
			ask := func(do operation) func(context.Context) (measured, error) {
				return func(ctx context.Context) (measured, error) { return load(ctx, 1, b.Duration/2, do) }
			}
			r, err := b.compare(ctx, Result{Case: fmt.Sprintf("%s in %d", q.name, s.memories), Axis: "memories", At: s.memories},
				side{"one table, GIN, ts_rank_cd", "searches", true, ask(func(ctx context.Context, _ int) error {
					return some(b.searchFloor(ctx, s.agent, q.naive))
				})},
				side{"recall", "searches", false, ask(func(ctx context.Context, _ int) error {
					return some(b.recall(ctx, s.agent, q.words))
				})})
			if err != nil {
				return nil, err
			}
			results = append(results, r)
		}
	}
	return results, nil
}

func (b *run) recall(ctx context.Context, agent, words string) (int, error) {
	result, err := b.reader.Search(ctx, tenant, queries.SearchRequest{Query: words, Filter: queries.Filter{AgentID: agent, UserID: benchUser}}, 0)
	return len(result.Hits), err
}

// some makes an answer without a hit an error: it would be quick and mean nothing.
func some(found int, err error) error {
	if err == nil && found == 0 {
		err = fmt.Errorf("nothing was found")
	}
	return err
}
