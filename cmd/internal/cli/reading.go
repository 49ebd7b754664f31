package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// filtering is what narrows which memories a command is about.
type filtering struct {
	Agent          string   `placeholder:"ID" help:"Only those of this agent."`
	User           string   `placeholder:"ID" help:"Only those about this user."`
	Type           []string `placeholder:"TYPE" help:"Only those of these types."`
	MinConfidence  *float64 `name:"min-confidence" placeholder:"0..1" help:"Only those at least as sure."`
	MaxConfidence  *float64 `name:"max-confidence" placeholder:"0..1" help:"Only those at most as sure."`
	CreatedAfter   string   `name:"created-after" placeholder:"TIME" help:"Only those made since then."`
	CreatedBefore  string   `name:"created-before" placeholder:"TIME" help:"Only those made before."`
	UpdatedAfter   string   `name:"updated-after" placeholder:"TIME" help:"Only those changed since then."`
	UpdatedBefore  string   `name:"updated-before" placeholder:"TIME" help:"Only those changed last before."`
	RecordedAfter  string   `name:"recorded-after" placeholder:"TIME" help:"Only those whose last change was recorded since then."`
	RecordedBefore string   `name:"recorded-before" placeholder:"TIME" help:"Only those whose last change was recorded before."`
	Metadata       string   `placeholder:"JSON" help:"Only those whose metadata contain this object."`
}

func (f *filtering) filter() (queries.Filter, error) {
	filter := queries.Filter{
		AgentID: f.Agent, UserID: f.User, MemoryTypes: f.Type, MinConfidence: f.MinConfidence, MaxConfidence: f.MaxConfidence,
	}
	if f.Metadata != "" {
		filter.Metadata = json.RawMessage(f.Metadata)
	}
	for _, t := range []struct {
		flag, text string
		into       **time.Time
	}{
		{"--created-after", f.CreatedAfter, &filter.CreatedAfter},
		{"--created-before", f.CreatedBefore, &filter.CreatedBefore},
		{"--updated-after", f.UpdatedAfter, &filter.UpdatedAfter},
		{"--updated-before", f.UpdatedBefore, &filter.UpdatedBefore},
		{"--recorded-after", f.RecordedAfter, &filter.RecordedAfter},
		{"--recorded-before", f.RecordedBefore, &filter.RecordedBefore},
	} {
		var err error
		if *t.into, err = parseTime(t.flag, t.text); err != nil {
			return queries.Filter{}, err
		}
	}
	return filter, nil
}

// checkLimit refuses what is out of bounds, and what queries would take for their default.
func checkLimit(limit, highest int) error {
	if limit < 1 || limit > highest {
		return UsageError{fmt.Errorf("--limit is %d; 1 to %d are allowed", limit, highest)}
	}
	return nil
}

// parseAsOf reads a sequence_id or a time.
func parseAsOf(text string) (queries.AsOf, error) {
	if text == "" {
		return queries.AsOf{}, nil
	}
	if position, err := strconv.ParseInt(text, 10, 64); err == nil {
		if position < 1 {
			return queries.AsOf{}, UsageError{fmt.Errorf("--as-of %d is no sequence_id; the first event has 1", position)}
		}
		return queries.AsOf{SequenceID: position}, nil
	}
	t, err := parseTime("--as-of", text)
	if err != nil {
		return queries.AsOf{}, fmt.Errorf("%w, and no sequence_id", err)
	}
	return queries.AsOf{Time: *t}, nil
}

// asOfOrFresh asks a question as of then, or, if there is no as of, like fresh.
func asOfOrFresh[T any](ctx context.Context, c *stack.Client, asOf queries.AsOf, ask func(queries.At) (T, error)) (T, error) {
	if asOf == (queries.AsOf{}) {
		return fresh(ctx, c, func(minSequenceID int64) (T, error) { return ask(queries.At{MinSequenceID: minSequenceID}) })
	}
	return ask(queries.At{AsOf: asOf})
}

// fresh asks a question so that the answer reflects all that was written before, by whomever. Where the read model
// does not get there in time, the answer is what there is, and a warning says so.
func fresh[T any](ctx context.Context, c *stack.Client, ask func(minSequenceID int64) (T, error)) (T, error) {
	head, err := c.Store.Head(ctx, c.Tenant)
	if err != nil {
		var none T
		return none, err
	}
	answer, late := ask(head.SequenceID)
	if domain.KindOf(late) != domain.Unavailable {
		return answer, late
	}
	answer, err = ask(0)
	if err == nil {
		s := c.Stderr
		s.Printf("%s %v; what follows is not up to date. Is a projector running? `auren status` tells.\n", s.Paint(terminal.Yellow, "auren:"), late)
	}
	return answer, err
}
