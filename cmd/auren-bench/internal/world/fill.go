package world

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// User is whom the memories of all scopes are about; the agents tell the scopes apart.
const User = "ana"

// Scope is an agent with so many memories.
type Scope struct {
	Agent    string
	Memories int
	// Numbered gives each memory a random number below 1,000 in its metadata, and a thousandth of it as confidence.
	Numbered bool
}

// EvenScopes divides memories into scopes of one size.
func EvenScopes(memories, scopes int) []Scope {
	all := make([]Scope, scopes)
	for i := range all {
		all[i] = Scope{Agent: fmt.Sprintf("agent%d", i), Memories: memories / scopes}
	}
	return all
}

// Request is that of every command.
var Request = commands.Request{Tenant: Tenant}

// Remember fills the log, several batches at a time, as the commands would.
func (w *World) Remember(ctx context.Context, scopes []Scope) error {
	total := 0
	for _, s := range scopes {
		total += s.Memories
	}
	w.config.Say(fmt.Sprintf("remembering %d memories", total))
	const batchSize, inFlight = 500, 4
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	var batch []commands.Remember
	send := func() {
		sent := batch
		batch = nil
		group.Go(func() error { return w.rememberBatch(ctx, sent) })
	}
	t := NewTexts()
	for _, s := range scopes {
		for n := range s.Memories {
			draft := memory.Draft{AgentID: s.Agent, UserID: User, Content: t.Content(n)}
			if s.Numbered {
				number := float64(t.rng.IntN(1000))
				draft.Metadata, draft.Confidence = canonjson.NewObject(nil).Float("n", number).Done(), new(number/1000)
			}
			batch = append(batch, commands.Remember{Draft: draft})
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

func (w *World) rememberBatch(ctx context.Context, batch []commands.Remember) error {
	results, err := w.Handler.RememberBatch(ctx, Request, batch)
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

// ProjectAll brings the read models up to date with the log, concurrently as a projector does.
func (w *World) ProjectAll(ctx context.Context) error {
	w.config.Say("projecting")
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range stack.ReadModels() {
		group.Go(func() error { return w.Runner(p).CatchUp(ctx) })
	}
	return group.Wait()
}

// Project runs the read models, and further parts, until the function that it returns is called, which waits for them.
func (w *World) Project(ctx context.Context, parts ...func(context.Context) error) (stop func() error) {
	for _, p := range stack.ReadModels() {
		parts = append(parts, w.Runner(p).Run)
	}
	return w.Start(ctx, parts...)
}
