package recall

import (
	"context"
	"maps"

	"github.com/auren-memory/auren/queries/snapshot"
)

// exact scores every memory of a small scope that holds a word: the candidates that loadScope read. It takes no transaction:
// the memories are shown as they were at the position that loadScope saw.
func (r *searchRun) exact(ctx context.Context, scope scope, candidates []candidate) (Result, error) {
	documents := countDocuments(candidates, len(r.query.words))
	ranking := newRanking(r.query.words, documents, scope.memories, scope.averageLength())
	limit := r.limit
	if scope.searchPosition < scope.memoriesPosition {
		limit = r.rerank() // some may have been forgotten in between, which only agent_memories knows
	}
	best := ranking.rank(filtered(candidates), limit)

	memories, err := r.memoriesOf(ctx, snapshot.Snapshot{Tenant: r.snap.Tenant, Moment: r.snap.Moment}, best)
	if err != nil {
		return Result{}, err
	}
	var changed []candidate
	for _, c := range best {
		if m, ok := memories[c.id]; !ok || m.SequenceID > scope.memoriesPosition {
			changed = append(changed, c)
			delete(memories, c.id)
		}
	}
	if len(changed) > 0 {
		then := snapshot.Snapshot{Tenant: r.snap.Tenant, Past: true, Position: scope.memoriesPosition, Moment: r.snap.Moment}
		before, err := r.memoriesOf(ctx, then, changed)
		if err != nil {
			return Result{}, err
		}
		maps.Copy(memories, before)
	}
	return r.result(&ranking, best, memories, scope.position()), nil
}
