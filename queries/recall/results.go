package recall

import (
	"cmp"
	"context"
	"slices"

	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/recall/index"
	"github.com/auren-memory/auren/queries/recall/ranking"
)

// block is how many memories are read at a time, in their order by words: confidence and age decide among equals of a block. It is the
// head of the order, so a search for a few results ranks no others. Where phrases and weights change the order, they do so within a
// weighedBlock.
const block, weighedBlock = ranking.Around, answer.MaxLimit + 20

// results reads the memories in their final order, block by block. Nothing of it depends on the rank at which it begins.
type results struct {
	*order
	size   int
	total  float64  // the best possible score
	rank   int      // of the next result, from 0
	number int      // of the block that has been read; -1 for none
	found  []scored // its memories
	places map[int]*index.Place
}

func (o *order) resultsFrom(rank int) *results {
	x := &results{order: o, size: block, rank: rank, number: -1, total: o.bestPossible()}
	if len(o.quoted) > 0 || o.request.Weights.Sum() > 0 {
		x.size = weighedBlock
	}
	return x
}

// next returns the next result, or nil at the end.
func (x *results) next(ctx context.Context) (*scored, error) {
	for {
		if number := x.rank / x.size; number != x.number {
			if err := x.read(ctx, number); err != nil {
				return nil, err
			}
			if len(x.found) == 0 || x.found[0].Score < x.request.MinScore { // nor is any later block good enough
				return nil, nil
			}
		}
		if i := x.rank % x.size; i < len(x.found) && x.found[i].Score >= x.request.MinScore {
			x.rank++
			return &x.found[i], nil
		}
		if follows, err := x.follows(ctx); err != nil || !follows {
			return nil, err
		}
		x.rank = (x.number + 1) * x.size
	}
}

// more tells whether next would return a result, as far as can be known without reading it.
func (x *results) more(ctx context.Context) (bool, error) {
	if i := x.rank % x.size; x.rank/x.size == x.number && i < len(x.found) && x.found[i].Score >= x.request.MinScore {
		return true, nil
	}
	return x.follows(ctx)
}

// follows tells whether a block follows that may be good enough. By words alone it is no better than this one.
func (x *results) follows(ctx context.Context) (bool, error) {
	next := (x.number + 1) * x.size
	if x.request.MinScore == 0 || x.size == weighedBlock {
		return x.reaches(ctx, next)
	}
	best, err := x.best(ctx, next+1)
	return err == nil && next < len(best) && best[next].Score/x.total >= x.request.MinScore, err
}

// read reads a block.
func (x *results) read(ctx context.Context, number int) error {
	from, to := number*x.size, (number+1)*x.size
	best, err := x.best(ctx, to)
	if err != nil {
		return err
	}
	x.number, x.found = number, nil
	if from >= len(best) {
		return nil
	}
	best = best[from:min(to, len(best))]
	if x.places, err = x.index.Places(ctx, x.named(best)); err != nil {
		return err
	}
	memories, err := x.memories(ctx, best, x.places)
	if err != nil {
		return err
	}
	x.found = make([]scored, 0, len(best))
	for _, b := range best {
		if m, ok := memories[x.places[b.Document].Memory]; ok { // always: both projections have reached the position
			s, err := x.weigh(ctx, b, m, x.total)
			if err != nil {
				return err
			}
			x.found = append(x.found, s)
		}
	}
	slices.SortFunc(x.found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.memory.Confidence, a.memory.Confidence),
			b.memory.CreatedAt.Compare(a.memory.CreatedAt), cmp.Compare(b.Document, a.Document))
	})
	return nil
}
