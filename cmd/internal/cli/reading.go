package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// filtering is what narrows which memories a command is about.
type filtering struct {
	Agent          string          `placeholder:"ID" help:"Only those of this agent."`
	User           string          `placeholder:"ID" help:"Only those about this user."`
	Type           []string        `placeholder:"TYPE" help:"Only those of these types."`
	MinConfidence  *float64        `name:"min-confidence" placeholder:"0..1" help:"Only those at least as sure."`
	MaxConfidence  *float64        `name:"max-confidence" placeholder:"0..1" help:"Only those at most as sure."`
	CreatedAfter   *time.Time      `name:"created-after" placeholder:"TIME" help:"Only those made since then."`
	CreatedBefore  *time.Time      `name:"created-before" placeholder:"TIME" help:"Only those made before."`
	UpdatedAfter   *time.Time      `name:"updated-after" placeholder:"TIME" help:"Only those changed since then."`
	UpdatedBefore  *time.Time      `name:"updated-before" placeholder:"TIME" help:"Only those changed last before."`
	RecordedAfter  *time.Time      `name:"recorded-after" placeholder:"TIME" help:"Only those whose last change was recorded since then."`
	RecordedBefore *time.Time      `name:"recorded-before" placeholder:"TIME" help:"Only those whose last change was recorded before."`
	ValidAt        *time.Time      `name:"valid-at" placeholder:"TIME" help:"Only those that are so in the world at that time."`
	Metadata       canonjson.Value `placeholder:"JSON" help:"Only those whose metadata contain this object."`
	Filters        canonjson.Value `placeholder:"JSON" help:"Only those that match this filter, e.g. '{\"OR\": [{\"metadata.topic\": \"sleep\"}, {\"confidence\": {\"gte\": 0.8}}]}'."`
}

// filter is the part of a request that says the same.
func (f *filtering) filter() api.Filter {
	return api.Filter{
		Owners: api.Owners{AgentID: f.Agent, UserID: f.User},
		Narrow: api.Narrow{MemoryTypes: f.Type, MinConfidence: f.MinConfidence, MaxConfidence: f.MaxConfidence},
		Span: api.Span{
			CreatedAfter: f.CreatedAfter, CreatedBefore: f.CreatedBefore, UpdatedAfter: f.UpdatedAfter, UpdatedBefore: f.UpdatedBefore,
			RecordedAfter: f.RecordedAfter, RecordedBefore: f.RecordedBefore, ValidAt: f.ValidAt, Metadata: f.Metadata.Raw(), Filters: f.Filters.Raw(),
		},
	}
}

// checkLimit refuses what is out of bounds, 0 included: in a request it would stand for the default.
func checkLimit(limit, highest int) error {
	if limit < 1 || limit > highest {
		return UsageError{fmt.Errorf("--limit must be 1 to %d, got %d", highest, limit)}
	}
	return nil
}

// AsOf is a moment as a request has it: a sequence_id or a time; "" is now.
type AsOf string

// ParseAsOf reads a sequence_id or a time.
func ParseAsOf(text string) (AsOf, error) {
	position, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err == nil && position < 1:
		return "", fmt.Errorf("must be a sequence_id of at least 1, or a time, got %d", position)
	case err == nil:
		return AsOf(text), nil
	}
	t, err := ParseTime(text)
	if err != nil {
		return "", fmt.Errorf("%w, or a sequence_id", err)
	}
	return AsOf(t.UTC().Format(time.RFC3339Nano)), nil
}

// ask opens a door, named like the command, and asks a question as of then or, without an as of, like fresh.
func ask[T any](ctx context.Context, a *App, name string, asOf AsOf, question func(*stack.Door, api.Moment) (T, error)) (T, error) {
	d, err := a.OpenDoor(ctx, name)
	if err != nil {
		var none T
		return none, err
	}
	defer d.Close()
	if asOf != "" {
		return question(d, api.Moment{AsOf: string(asOf)})
	}
	return fresh(ctx, a, d, func(m api.Minimum) (T, error) { return question(d, api.Moment{Minimum: m}) })
}

// fresh asks a question so that the answer reflects everything that was written before, by anyone. If the read model does
// not get there in time, the answer is what there is, if only that a memory is missing, and a warning says so.
func fresh[T any](ctx context.Context, a *App, d *stack.Door, ask func(api.Minimum) (T, error)) (T, error) {
	head, err := api.GetPosition.Call(ctx, d, a.Caller(), api.GetPositionRequest{})
	if err != nil {
		var none T
		return none, err
	}
	answer, late := ask(api.Minimum{MinSequenceID: head.SequenceID})
	if domain.KindOf(late) != domain.Unavailable {
		return answer, late
	}
	answer, err = ask(api.Minimum{})
	missing := domain.KindOf(err) == domain.NotFound
	if err == nil || missing {
		s := a.Stderr
		s.Printf("%s this answer is not up to date: %v; %v\n", s.Paint(terminal.Yellow, "auren:"), late, stack.ErrNoProjector)
	}
	if missing {
		err = fmt.Errorf("%w, or it is not there yet", err)
	}
	return answer, err
}
