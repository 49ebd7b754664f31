package scenario

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/search"
)

// benchUser is whom the memories of all scopes are about; the agents tell the scopes apart.
const benchUser = "ana"

// scope is an agent with so many memories.
type scope struct {
	agent    string
	memories int
}

// evenScopes divides memories into scopes of one size.
func evenScopes(memories, scopes int) []scope {
	all := make([]scope, scopes)
	for i := range all {
		all[i] = scope{fmt.Sprintf("agent%d", i), memories / scopes}
	}
	return all
}

// request is that of every command.
var request = commands.Request{Tenant: tenant}

// remember fills the log, several batches at a time, as the commands would.
func (b *run) remember(ctx context.Context, scopes []scope) error {
	total := 0
	for _, s := range scopes {
		total += s.memories
	}
	b.say(fmt.Sprintf("remembering %d memories", total))
	const batchSize, inFlight = 500, 4
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	var batch []commands.Remember
	send := func() {
		sent := batch
		batch = nil
		group.Go(func() error { return b.rememberBatch(ctx, sent) })
	}
	t := newTexts()
	for _, s := range scopes {
		for n := range s.memories {
			batch = append(batch, commands.Remember{AgentID: s.agent, UserID: benchUser, Content: t.content(n)})
			if len(batch) == batchSize {
				send()
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(batch) > 0 {
		send()
	}
	return group.Wait()
}

func (b *run) rememberBatch(ctx context.Context, batch []commands.Remember) error {
	results, err := b.handler.RememberBatch(ctx, request, batch)
	if err != nil {
		return fmt.Errorf("remember: %w", err)
	}
	for _, r := range results {
		if r.Err != nil {
			return fmt.Errorf("remember: %w", r.Err)
		}
	}
	return nil
}

// searchProjection has as many workers as the figures are about.
func (b *run) searchProjection() *search.Projection {
	return search.New(search.Config{Workers: 2})
}

// projectAll brings the read models up to the log, side by side as a projector does.
func (b *run) projectAll(ctx context.Context) error {
	b.say("projecting")
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range []projections.Projection{agentmemories.Projection{}, b.searchProjection()} {
		group.Go(func() error { return b.runner(p).CatchUp(ctx) })
	}
	return group.Wait()
}

const (
	forgetMemories = `truncate agent_memories, agent_memory_history`
	forgetSearch   = `truncate agent_memory_search, agent_memory_search_scopes`
	// A projection without a checkpoint begins with the first event.
	forgetMemoriesCheckpoint = `delete from projection_checkpoints where projection = 'agent_memories'`
	forgetSearchCheckpoint   = `delete from projection_checkpoints where projection = 'search'`
)
