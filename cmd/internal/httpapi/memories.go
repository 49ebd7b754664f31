package httpapi

import (
	"context"
	"net/http"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

type listParameters struct {
	Scope
	Narrow
	Span
	State      string `json:"state,omitempty" minLength:"1" enum:"active,forgotten,expired,all" default:"active" doc:"Only memories in this state."`
	Order      string `json:"order,omitempty" minLength:"1" enum:"created,updated,recorded,confidence" default:"created" doc:"What to order by."`
	Descending bool   `json:"descending,omitempty" doc:"The newest, or the most certain, first."`
	Cursor     string `json:"cursor,omitempty" doc:"The next_cursor of the page before, with the same order and filter."`
	Limit      int    `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How many at most; a page of very large memories ends earlier."`
	Moment
}

type historyParameters struct {
	AfterVersion int `json:"after_version,omitempty" minimum:"0" maximum:"2147483647" doc:"The next_after_version of the page before."`
	Limit        int `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How many versions at most."`
	Moment
}

type recentParameters struct {
	Scope
	Days  int `json:"days,omitempty" minimum:"1" maximum:"36525" default:"7" doc:"How many days back."`
	Limit int `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How many at most."`
	Minimum
}

type statsParameters struct {
	Scope
	Minimum
}

func (a *api) reading() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/memories/{id}", id: "getMemory", tag: tagQueries, matches: true,
		summary: "Get one", detail: "In whatever state it is. The ETag is its version.",
	}, a.server.get)
	register(a, operation{
		method: http.MethodGet, path: "/v1/memories", id: "listMemories", tag: tagQueries,
		summary: "List", detail: "Page by page: pass next_cursor on as cursor until it is empty.",
	}, a.server.list)
	register(a, operation{
		method: http.MethodGet, path: "/v1/memories/{id}/history", id: "getHistory", tag: tagQueries,
		summary: "History of one", detail: "Every version, the oldest first, with who made it and why.",
	}, a.server.history)
	register(a, operation{
		method: http.MethodGet, path: "/v1/memories/recent", id: "listRecent", tag: tagQueries,
		summary: "Recent", detail: "What was created or changed in the last days, the latest first.",
	}, a.server.recent)
	register(a, operation{
		method: http.MethodGet, path: "/v1/stats", id: "getStats", tag: tagQueries,
		summary: "Counts", detail: "How many memories there are, by state, type, agent and user.",
	}, a.server.stats)
}

func (s *Server) get(ctx context.Context, c *call[Moment, none]) (answer[queries.Memory], error) {
	at, err := c.params.at()
	if err != nil {
		return answer[queries.Memory]{}, err
	}
	m, sequenceID, err := s.deps.Queries.Get(ctx, c.tenant, c.id, at)
	if err != nil {
		return answer[queries.Memory]{}, err
	}
	if expected := c.match.version; expected > 0 && expected != m.Version {
		return answer[queries.Memory]{}, &domain.VersionConflictError{Stream: m.ID.String(), Expected: expected, Actual: m.Version}
	}
	return answer[queries.Memory]{body: m, version: m.Version, sequenceID: sequenceID}, nil
}

func (s *Server) list(ctx context.Context, c *call[listParameters, none]) (answer[queries.ListResult], error) {
	p := &c.params
	at, err := p.Moment.at()
	if err != nil {
		return answer[queries.ListResult]{}, err
	}
	filter := queries.Filter{State: p.State}
	p.Scope.into(&filter)
	p.Narrow.into(&filter)
	p.Span.into(&filter)
	page := queries.Page{Order: queries.Order(p.Order), Descending: p.Descending, Cursor: p.Cursor, Limit: p.Limit}
	result, err := s.deps.Queries.List(ctx, c.tenant, filter, page, at)
	return answer[queries.ListResult]{body: result, sequenceID: result.SequenceID}, err
}

func (s *Server) history(ctx context.Context, c *call[historyParameters, none]) (answer[queries.HistoryResult], error) {
	at, err := c.params.Moment.at()
	if err != nil {
		return answer[queries.HistoryResult]{}, err
	}
	page := queries.HistoryPage{AfterVersion: c.params.AfterVersion, Limit: c.params.Limit}
	result, err := s.deps.Queries.History(ctx, c.tenant, c.id, page, at)
	return answer[queries.HistoryResult]{body: result, sequenceID: result.SequenceID}, err
}

func (s *Server) recent(ctx context.Context, c *call[recentParameters, none]) (answer[queries.ListResult], error) {
	p := &c.params
	const week = 7
	days := p.Days
	if days == 0 {
		days = week
	}
	result, err := s.deps.Queries.Recent(ctx, c.tenant, p.AgentID, p.UserID, days, p.Limit, queries.At{MinSequenceID: p.MinSequenceID})
	return answer[queries.ListResult]{body: result, sequenceID: result.SequenceID}, err
}

func (s *Server) stats(ctx context.Context, c *call[statsParameters, none]) (answer[queries.Stats], error) {
	p := &c.params
	result, err := s.deps.Queries.Stats(ctx, c.tenant, p.AgentID, p.UserID, p.MinSequenceID)
	return answer[queries.Stats]{body: result, sequenceID: result.SequenceID}, err
}
