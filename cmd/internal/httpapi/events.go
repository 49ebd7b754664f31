package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// EventFilter narrows what is read from the log.
type EventFilter struct {
	EventTypes    []string `json:"event_type,omitempty" maxItems:"100" enum:"memory_remembered,memory_revised,memory_confidence_adjusted,memory_evidence_recorded,memory_expiry_set,memory_forgotten,memory_restored,memory_expired,projection_event_skipped" doc:"Only events of one of these types, such as memory_revised."`
	AgentID       string   `json:"agent_id,omitempty" minLength:"1" maxLength:"100" doc:"Only events of this agent's memories."`
	UserID        string   `json:"user_id,omitempty" minLength:"1" maxLength:"255" doc:"Only events of memories about this user."`
	CorrelationID string   `json:"correlation_id,omitempty" minLength:"1" maxLength:"255" doc:"Only events of this piece of work."`
	Until         int64    `json:"until,omitempty" minimum:"1" doc:"The last sequence_id to read; default is the end of the log."`
}

func (f EventFilter) filter() eventstore.Filter {
	return eventstore.Filter{EventTypes: f.EventTypes, AgentID: f.AgentID, UserID: f.UserID, CorrelationID: f.CorrelationID, Until: f.Until}
}

func (f EventFilter) check() error {
	for _, given := range f.EventTypes {
		if all := memory.EventTypes(); !slices.Contains(all, given) {
			return domain.Invalidf("event_type", "is %q; allowed are %s", given, strings.Join(all, ", "))
		}
	}
	return nil
}

type streamParameters struct {
	From      int    `json:"from,omitempty" minimum:"1" maximum:"2147483647" doc:"The version to begin with, inclusive; default is the first, or the last when going backwards."`
	Direction string `json:"direction,omitempty" minLength:"1" enum:"forwards,backwards" default:"forwards" doc:"From old to new, or the other way round."`
	Limit     int    `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"How many events at most; a page of very large ones ends earlier."`
}

type streamAnswer struct {
	Events []eventstore.Event `json:"events"`
	// NextFrom continues the stream.
	NextFrom   int   `json:"next_from" doc:"Where to go on; 0 at the end."`
	SequenceID int64 `json:"sequence_id" doc:"The end of the log that the answer reflects."`
}

type logParameters struct {
	After int64 `json:"after,omitempty" minimum:"0" doc:"The sequence_id to go on after; default is the beginning."`
	Limit int   `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"How many events at most; a page of very large ones ends earlier."`
	EventFilter
}

type logAnswer struct {
	Events []eventstore.Event `json:"events"`
	// Next is where to read on: everything up to and including it has been looked at.
	Next       int64 `json:"next" doc:"Go on after it: everything up to it has been looked at."`
	SequenceID int64 `json:"sequence_id" doc:"The end of the log that the answer reflects; nothing is left where next has reached it."`
}

const defaultEvents = 100

func (a *api) auditing() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/streams/{id}/events", id: "readStream", tag: tagAudit,
		summary: "Events of one memory", detail: "Exactly as they were committed.",
	}, a.server.readStream)
	register(a, operation{
		method: http.MethodGet, path: "/v1/events", id: "readLog", tag: tagAudit,
		summary: "Events of all memories", detail: "In the one order in which they were committed.",
	}, a.server.readLog)
}

func (s *Server) readStream(ctx context.Context, c *call[streamParameters, none]) (answer[streamAnswer], error) {
	direction, from, err := c.params.start()
	if err != nil {
		return answer[streamAnswer]{}, err
	}
	head, err := s.deps.Store.Head(ctx, c.tenant)
	if err != nil {
		return answer[streamAnswer]{}, err
	}
	page := streamAnswer{Events: []eventstore.Event{}, SequenceID: head.SequenceID}
	limit := or(c.params.Limit, defaultEvents)
	events, err := s.deps.Store.ReadStream(ctx, c.tenant, c.id, from, direction, limit)
	if err != nil {
		return answer[streamAnswer]{}, err
	}
	page.Events = append(page.Events, events...)
	if eventstore.Full(events, limit) {
		page.NextFrom = events[len(events)-1].Version + step(direction)
	}
	if len(page.Events) == 0 {
		if err := s.mustExist(ctx, c); err != nil {
			return answer[streamAnswer]{}, err
		}
	}
	return answer[streamAnswer]{body: page, sequenceID: page.SequenceID}, nil
}

func (p *streamParameters) start() (direction eventstore.Direction, from int, err error) {
	switch p.Direction {
	case "", "forwards":
		return eventstore.Forwards, or(p.From, 1), nil
	case "backwards":
		return eventstore.Backwards, or(p.From, 1<<31-1), nil
	}
	return false, 0, domain.Invalidf("direction", "is %q; allowed are forwards and backwards", p.Direction)
}

func step(d eventstore.Direction) int {
	if d == eventstore.Backwards {
		return -1
	}
	return 1
}

// mustExist tells a stream that has no events from one of which nothing was asked for.
func (s *Server) mustExist(ctx context.Context, c *call[streamParameters, none]) error {
	first, err := s.deps.Store.ReadStream(ctx, c.tenant, c.id, 1, eventstore.Forwards, 1)
	if err == nil && len(first) == 0 {
		return domain.Errorf(domain.NotFound, "there is no stream %s", c.id)
	}
	return err
}

func (s *Server) readLog(ctx context.Context, c *call[logParameters, none]) (answer[logAnswer], error) {
	read, err := s.deps.Store.ReadLog(ctx, c.tenant, c.params.After, c.params.filter(), or(c.params.Limit, defaultEvents))
	if err != nil {
		return answer[logAnswer]{}, err
	}
	page := logAnswer{Events: append([]eventstore.Event{}, read.Events...), Next: read.Next, SequenceID: read.Head}
	return answer[logAnswer]{body: page, sequenceID: page.SequenceID}, nil
}

// or returns the value, or the fallback where it was left out.
func or(value, fallback int) int {
	if value == 0 {
		return fallback
	}
	return value
}
