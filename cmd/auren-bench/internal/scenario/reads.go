package scenario

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries"
)

// maxReaders is how many read at once, each in a scope of its own; fewer where there are few memories.
const maxReaders = 1000

// benchReads lets many read at the same time.
func benchReads(ctx context.Context, b *run) ([]Result, error) {
	readers := min(maxReaders, b.Events/10)
	scopes := evenScopes(max(b.Events/5, readers*10), readers)
	if err := b.readable(ctx, scopes); err != nil {
		return nil, err
	}
	ids, err := b.oneOfEach(ctx, scopes)
	if err != nil {
		return nil, err
	}
	agent := func(client int) string { return scopes[client].agent }
	all := func(do operation) func(context.Context) (measured, error) {
		return func(ctx context.Context) (measured, error) {
			// Once for the connections and their statements, which a server that runs has.
			if _, err := atOnce(ctx, readers, do); err != nil {
				return measured{}, err
			}
			return atOnce(ctx, readers, do)
		}
	}
	var results []Result
	for _, kind := range []struct {
		name, floorName string
		floor, ours     operation
	}{
		{"get", "bare SELECT by id", func(ctx context.Context, client int) error {
			return b.read(ctx, getBare, tenant, ids[client])
		}, func(ctx context.Context, client int) error {
			_, _, err := b.reader.Get(ctx, tenant, ids[client], queries.At{})
			return err
		}},
		{"list", "bare SELECT of 50", func(ctx context.Context, client int) error {
			return b.read(ctx, listBare, tenant, agent(client), benchUser)
		}, func(ctx context.Context, client int) error {
			list, err := b.reader.List(ctx, tenant, queries.Filter{AgentID: agent(client), UserID: benchUser}, queries.Page{}, queries.At{})
			return some(len(list.Memories), err)
		}},
		{"search", "one table, GIN, ts_rank_cd", func(ctx context.Context, client int) error {
			return some(b.searchFloor(ctx, agent(client), mediumWord))
		}, func(ctx context.Context, client int) error {
			return some(b.recall(ctx, agent(client), mediumWord))
		}},
	} {
		r, err := b.compare(ctx, Result{Case: fmt.Sprintf("%d × %s at once", readers, kind.name)},
			side{kind.floorName, "reads", true, all(kind.floor)}, side{kind.name, "reads", false, all(kind.ours)})
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// oneOfEach returns the id of a memory of each scope.
func (b *run) oneOfEach(ctx context.Context, scopes []scope) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(scopes))
	for i, s := range scopes {
		list, err := b.reader.List(ctx, tenant, queries.Filter{AgentID: s.agent, UserID: benchUser}, queries.Page{Limit: 1}, queries.At{})
		if err := some(len(list.Memories), err); err != nil {
			return nil, err
		}
		ids[i] = list.Memories[0].ID
	}
	return ids, nil
}
