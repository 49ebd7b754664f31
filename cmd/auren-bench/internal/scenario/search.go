package scenario

import (
	"context"
	"fmt"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/queries"
)

// searchShares are the sizes of the scopes that are searched, as parts of all memories.
var searchShares = []int{1000, 100, 10}

// question is one of those asked: in words, and as the naive way has to have it.
type question struct{ name, words, naive string }

var searchQuestions = []question{
	{"rare word", world.RareWord, world.RareWord},
	{"medium word", world.MediumWord, world.MediumWord},
	{"common word", world.CommonWord, world.CommonWord},
	{"medium or common", world.MediumWord + " " + world.CommonWord, world.MediumWord + " | " + world.CommonWord},
	{
		"natural question", fmt.Sprintf("what did she say about the %s and the %s in the %s?", world.RareWord, world.MediumWord, world.CommonWord),
		"say | " + world.RareWord + " | " + world.MediumWord + " | " + world.CommonWord,
	},
}

// smallScope is the size of the scopes that are not searched.
const smallScope = 1000

// benchSearch asks questions, one after the other, in a small, a middle and a large scope among many.
func benchSearch(ctx context.Context, b *run) error {
	var searched []world.Scope
	left := b.Events
	for i, share := range searchShares {
		s := world.Scope{Agent: fmt.Sprintf("searched%d", i), Memories: max(b.Events/share, 10)}
		searched = append(searched, s)
		left -= s.Memories
	}
	others := world.EvenScopes(max(left, 0), max(left/smallScope, 1))
	if err := b.readable(ctx, append(others, searched...)); err != nil {
		return err
	}
	for _, s := range searched {
		for _, q := range searchQuestions {
			err := b.Compare(ctx, measure.Result{Case: fmt.Sprintf("%s in %d", q.name, s.Memories), Axis: "memories", At: s.Memories},
				measure.Floor("one table, GIN, ts_rank_cd", "searches", measure.Load(1, b.Duration/2, func(ctx context.Context, _ int) error {
					return some(b.searchFloor(ctx, s.Agent, q.naive))
				})),
				measure.Subject("recall", "searches", measure.Load(1, b.Duration/2, func(ctx context.Context, _ int) error {
					return some(b.recall(ctx, s.Agent, q.words))
				})))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *run) recall(ctx context.Context, agent, words string) (int, error) {
	result, err := b.Reader.Search(ctx, world.Tenant, queries.SearchRequest{Query: words, Filter: queries.Filter{AgentID: agent, UserID: world.User}}, queries.At{})
	return len(result.Hits), err
}

// some makes an answer without a hit an error: it would be quick and mean nothing.
func some(found int, err error) error {
	if err == nil && found == 0 {
		err = fmt.Errorf("nothing was found")
	}
	return err
}
