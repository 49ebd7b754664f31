package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

type searchBody struct {
	Query string `json:"query" minLength:"1" doc:"A question, or words of which any may be in a memory; \"in quotes\" must be in it, -word must not. Words are taken as English ones (trains finds training) and as a whole. Where all are as common as the or of, the latest memories are found, with a score of 0."`
	Scope
	Narrow
	Filters Span `json:"filters,omitempty" doc:"What else to narrow the search by."`
	Limit   int  `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"How many results at most."`
	Explain bool `json:"explain,omitempty" doc:"Tell how each score came about."`
	Minimum
}

func (a *api) searching() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/memories/search", id: "searchMemories", tag: tagQueries,
		summary: "Recall", detail: "The active memories that answer a question best, each with a score from 0 to 1, the best first.",
		example: `{"query":"What keeps Ana awake at night?","agent_id":"coach","user_id":"ana","limit":5}`,
	}, a.server.search)
}

func (s *Server) search(ctx context.Context, c *call[none, searchBody]) (answer[queries.SearchResult], error) {
	b := &c.body
	request := queries.SearchRequest{Query: b.Query, Limit: b.Limit, Explain: b.Explain}
	b.Scope.into(&request.Filter)
	b.Narrow.into(&request.Filter)
	b.Filters.into(&request.Filter)
	result, err := s.deps.Queries.Search(ctx, c.tenant, request, b.MinSequenceID)
	return answer[queries.SearchResult]{body: result, sequenceID: result.SequenceID}, inFilters(err)
}

// inFilters names a field of a filter as it stands in the body of a search.
func inFilters(err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		return err
	}
	name := e.Field
	if i := strings.IndexAny(name, ".["); i >= 0 {
		name = name[:i]
	}
	switch name {
	case "created_after", "created_before", "updated_after", "updated_before", "recorded_after", "recorded_before", "expires_before", "metadata":
		return domain.Within("filters", err)
	}
	return err
}
