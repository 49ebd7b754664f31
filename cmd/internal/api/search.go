package api

import (
	"context"
	"errors"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// SearchMemoriesRequest asks for the memories that answer a question.
type SearchMemoriesRequest struct {
	Query string `json:"query" minLength:"1" doc:"A question, or words of which any may be in a memory; \"in quotes\" must be in it, -word must not. Words are taken as English ones (trains finds training) and as a whole. Where all are as common as the or of, the latest memories are found, with a score of 0."`
	Owners
	Narrow
	Filters Span `json:"filters,omitempty" nullable:"false" doc:"What else to narrow the search by."`
	Limit   int  `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"How many results at most."`
	Explain bool `json:"explain,omitempty" doc:"Tell how each score came about."`
	Minimum
}

// SearchMemories recalls.
var SearchMemories = define(Operation{
	Name: "searchMemories", Scope: Read, Summary: "Recall",
	Detail:  "The active memories that answer a question best, each with a score from 0 to 1, the best first.",
	Example: `{"query":"What keeps Ana awake at night?","agent_id":"coach","user_id":"ana","limit":5}`,
}, func(s *Service, ctx context.Context, c Caller, r *SearchMemoriesRequest) (answer[queries.SearchResult], error) {
	request := queries.SearchRequest{Query: r.Query, Filter: filter(r.Owners, r.Narrow, r.Filters), Limit: r.Limit, Explain: r.Explain}
	result, err := s.deps.Queries.Search(ctx, c.Tenant, request, r.MinSequenceID)
	return answer[queries.SearchResult]{body: result, sequenceID: result.SequenceID}, inFilters(err)
})

// inFilters names a field of a filter as it stands in a search.
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
		return domain.WithField("filters", err)
	}
	return err
}
