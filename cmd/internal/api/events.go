package api

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/queries"
)

// EventFilter narrows what is read from the log.
type EventFilter struct {
	Categories    []string        `json:"category,omitempty" maxItems:"100" doc:"Only events of these categories, e.g. projection; * stands for every category, of other versions of AUREN too. Default is memory."`
	EventTypes    []string        `json:"event_type,omitempty" nullable:"false" maxItems:"100" doc:"Only events of these types, e.g. memory_revised."`
	AgentID       string          `json:"agent_id,omitempty" nullable:"false" minLength:"1" maxLength:"100" doc:"Only events of this agent's memories."`
	UserID        string          `json:"user_id,omitempty" nullable:"false" minLength:"1" maxLength:"255" doc:"Only events of memories about this user."`
	CorrelationID string          `json:"correlation_id,omitempty" nullable:"false" minLength:"1" maxLength:"255" doc:"Only events of this piece of work."`
	Filters       json.RawMessage `json:"filters,omitempty" nullable:"false" doc:"Only events that match this filter: the grammar is that of memories, the fields are those of an event, and payload. and a path within it. See docs/filters.md."`
	Until         int64           `json:"until,omitempty" nullable:"false" minimum:"1" doc:"The last sequence_id to read; default is the end of the log."`
}

func (f *EventFilter) filter() (eventstore.Filter, error) {
	narrowed := eventstore.Filter{
		Categories: f.Categories, EventTypes: f.EventTypes, AgentID: f.AgentID, UserID: f.UserID, CorrelationID: f.CorrelationID, Until: f.Until,
	}
	if err := f.Check(); err != nil || len(f.Filters) == 0 {
		return narrowed, err
	}
	where, err := queries.EventFilters(f.Filters)
	narrowed.Where = where
	return narrowed, err
}

// Check returns an error of kind Invalid if the filter names a category that does not exist, or an event type that is not of
// its categories.
func (f *EventFilter) Check() error {
	if err := oneOf("category", f.Categories, Categories(), "; * reads those of other versions of AUREN too"); err != nil {
		return err
	}
	return oneOf("event_type", f.EventTypes, EventTypes(f.Categories...), "")
}

func oneOf(field string, given, allowed []string, hint string) error {
	for _, g := range given {
		if !slices.Contains(allowed, g) {
			return domain.Invalidf(field, "must be one of %s, got %q%s", strings.Join(allowed, ", "), g, hint)
		}
	}
	return nil
}

// Categories returns what a filter may name as a category.
func Categories() []string { return append(eventstore.Categories(), eventstore.AllCategories) }

// EventTypes returns the types of the events of some categories; without any, of the category memory.
func EventTypes(categories ...string) (types []string) {
	has := func(category string) bool {
		return slices.Contains(categories, category) || slices.Contains(categories, eventstore.AllCategories)
	}
	if len(categories) == 0 || has(eventstore.CategoryMemory) {
		types = append(types, memory.EventTypes()...)
	}
	if has(eventstore.CategoryProjection) {
		types = append(types, projections.EventSkipped)
	}
	return types
}

// ReadStreamRequest asks for the events of one memory.
type ReadStreamRequest struct {
	MemoryID
	From      int    `json:"from,omitempty" minimum:"1" maximum:"2147483647" doc:"The version to begin with, inclusive; default is the first, or the last when going backwards."`
	Direction string `json:"direction,omitempty" minLength:"1" enum:"forwards,backwards" default:"forwards" doc:"From old to new, or the other way round."`
	Limit     int    `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"How many events at most; a page of very large ones ends earlier."`
}

// ReadStreamAnswer is a page of a stream.
type ReadStreamAnswer struct {
	Events     []eventstore.Event `json:"events"`
	NextFrom   int                `json:"next_from" doc:"Where to go on; 0 at the end."`
	SequenceID int64              `json:"sequence_id" doc:"The end of the log that the answer reflects."`
}

// ReadLogRequest asks for a page of the log.
type ReadLogRequest struct {
	After int64 `json:"after,omitempty" minimum:"0" doc:"The sequence_id to go on after; default is the beginning."`
	Limit int   `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"How many events at most; a page of very large ones ends earlier."`
	EventFilter
}

const defaultEvents = 100

// The pages of events.
var (
	ReadStream = define(Operation{
		Name: "readStream", Scope: Audit, Summary: "Events of one memory", Detail: "Exactly as they were committed.",
	}, (*Service).readStream)

	ReadLog = define(Operation{
		Name: "readLog", Scope: Audit, Summary: "Events of all memories", Detail: "In the one order in which they were committed.",
	}, func(s *Service, ctx context.Context, c Caller, r *ReadLogRequest) (answer[Page], error) {
		f, err := r.filter()
		if err != nil {
			return answer[Page]{}, err
		}
		read, err := s.deps.Log.ReadLog(ctx, c.Tenant, r.After, f, cmp.Or(r.Limit, defaultEvents))
		page := pageOf(read)
		return answer[Page]{body: page, sequenceID: page.SequenceID}, err
	})
)

func pageOf(read eventstore.Page) Page {
	return Page{Events: append([]eventstore.Event{}, read.Events...), Next: read.Next, SequenceID: read.Head}
}

func (s *Service) readStream(ctx context.Context, c Caller, r *ReadStreamRequest) (answer[ReadStreamAnswer], error) {
	direction, from, step, err := r.start()
	if err != nil {
		return answer[ReadStreamAnswer]{}, err
	}
	head, err := s.deps.Log.Head(ctx, c.Tenant)
	if err != nil {
		return answer[ReadStreamAnswer]{}, err
	}
	page := ReadStreamAnswer{Events: []eventstore.Event{}, SequenceID: head.SequenceID}
	limit := cmp.Or(r.Limit, defaultEvents)
	events, more, err := s.deps.Log.ReadStream(ctx, c.Tenant, r.ID, from, direction, limit)
	if err != nil {
		return answer[ReadStreamAnswer]{}, err
	}
	page.Events = append(page.Events, events...)
	if more {
		page.NextFrom = events[len(events)-1].Version + step
	}
	if len(page.Events) == 0 {
		if err := s.checkStream(ctx, c, r); err != nil {
			return answer[ReadStreamAnswer]{}, err
		}
	}
	return answer[ReadStreamAnswer]{body: page, sequenceID: page.SequenceID}, nil
}

// start is where reading begins, and the step from one version to the next.
func (r *ReadStreamRequest) start() (direction eventstore.Direction, from, step int, err error) {
	switch r.Direction {
	case "", "forwards":
		return eventstore.Forwards, cmp.Or(r.From, 1), 1, nil
	case "backwards":
		return eventstore.Backwards, cmp.Or(r.From, 1<<31-1), -1, nil
	}
	return false, 0, 0, domain.Invalidf("direction", "must be forwards or backwards, got %q", r.Direction)
}

// checkStream tells a stream that has no events from one of which nothing was asked for.
func (s *Service) checkStream(ctx context.Context, c Caller, r *ReadStreamRequest) error {
	first, _, err := s.deps.Log.ReadStream(ctx, c.Tenant, r.ID, 1, eventstore.Forwards, 1)
	if err == nil && len(first) == 0 {
		return domain.Errorf(domain.NotFound, "there is no memory %s", r.ID)
	}
	return err
}

// FollowLogRequest asks for the events of the log as they are committed.
type FollowLogRequest struct {
	After *int64 `json:"after,omitempty" minimum:"0" doc:"The sequence_id to go on after; default is the end of the log, so that only what happens from now on is sent."`
	EventFilter
}

// followPage is how many events are read at once: it is all that a slow reader holds.
const followPage = 50

// FollowLog streams the log, in pages whose SequenceID is their Next.
var FollowLog = defineStream(Operation{
	Name: "followLog", Scope: Audit, Summary: "Events as they happen",
	Detail: "Every event after a sequence_id, once and in order, and then those to come. It ends after until, where that is given.",
}, func(s *Service, ctx context.Context, c Caller, r *FollowLogRequest, each func(Page) error) error {
	f, err := r.filter()
	if err != nil {
		return err
	}
	page := Page{Events: []eventstore.Event{}}
	if r.After == nil {
		head, err := s.deps.Log.Head(ctx, c.Tenant)
		if err != nil {
			return err
		}
		page.Next = head.SequenceID
	} else {
		page.Next = *r.After
	}
	page.SequenceID = page.Next
	if err := each(page); err != nil {
		return err
	}
	limits := eventstore.FollowLimits{Batch: followPage, Poll: 2 * time.Second}
	return s.deps.Log.Follow(ctx, s.deps.LogWatcher, c.Tenant, page.Next, f, limits, func(read eventstore.Page) error {
		page := pageOf(read)
		page.SequenceID = page.Next
		return each(page)
	})
})
