package scenario

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/queries"
)

// maxReaders is how many read at once, each in a scope of its own; fewer where there are few memories.
const maxReaders = 1000

// benchReads lets many read at the same time.
func benchReads(ctx context.Context, b *run) error {
	readers := min(maxReaders, b.Events/10)
	scopes := world.EvenScopes(max(b.Events/5, readers*10), readers)
	if err := b.readable(ctx, scopes); err != nil {
		return err
	}
	ids, err := b.oneOfEach(ctx, scopes)
	if err != nil {
		return err
	}
	agent := func(client int) string { return scopes[client].Agent }
	all := func(do measure.Operation) func(context.Context) (measure.Sample, error) {
		return func(ctx context.Context) (measure.Sample, error) {
			// Once for the connections and their statements, which a server that runs has.
			if _, err := measure.AtOnce(ctx, readers, do); err != nil {
				return measure.Sample{}, err
			}
			return measure.AtOnce(ctx, readers, do)
		}
	}
	for _, kind := range []struct {
		name, floorName string
		floor, ours     measure.Operation
	}{
		{"get", "bare SELECT by id", func(ctx context.Context, client int) error {
			return b.read(ctx, getBare, world.Tenant, ids[client])
		}, func(ctx context.Context, client int) error {
			_, _, err := b.Reader.Get(ctx, world.Tenant, ids[client], queries.At{})
			return err
		}},
		{"list", "bare SELECT of 50", func(ctx context.Context, client int) error {
			return b.read(ctx, listBare, world.Tenant, agent(client), world.User)
		}, func(ctx context.Context, client int) error {
			list, err := b.Reader.List(ctx, world.Tenant, queries.Filter{AgentID: agent(client), UserID: world.User}, queries.Page{}, queries.At{})
			return some(len(list.Memories), err)
		}},
		{"search", "one table, GIN, ts_rank_cd", func(ctx context.Context, client int) error {
			return some(b.searchFloor(ctx, agent(client), world.MediumWord))
		}, func(ctx context.Context, client int) error {
			return some(b.recall(ctx, agent(client), world.MediumWord))
		}},
	} {
		err := b.Compare(ctx, measure.Result{Case: fmt.Sprintf("%d × %s at once", readers, kind.name)},
			measure.Floor(kind.floorName, "reads", all(kind.floor)), measure.Subject(kind.name, "reads", all(kind.ours)))
		if err != nil {
			return err
		}
	}
	return nil
}

// oneOfEach returns the id of a memory of each scope.
func (b *run) oneOfEach(ctx context.Context, scopes []world.Scope) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(scopes))
	for i, s := range scopes {
		list, err := b.Reader.List(ctx, world.Tenant, queries.Filter{AgentID: s.Agent, UserID: world.User}, queries.Page{Limit: 1}, queries.At{})
		if err := some(len(list.Memories), err); err != nil {
			return nil, err
		}
		ids[i] = list.Memories[0].ID
	}
	return ids, nil
}
