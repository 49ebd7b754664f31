package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries"
)

// DiffRequest asks what changed between two moments.
type DiffRequest struct {
	ID *uuid.UUID `json:"id,omitempty" nullable:"false" doc:"Only this memory."`
	Owners
	From   string `json:"from,omitempty" nullable:"false" minLength:"1" doc:"Since then: a sequence_id, or an RFC 3339 time. Default is the beginning." example:"2026-01-31T15:04:05Z"`
	To     string `json:"to,omitempty" nullable:"false" minLength:"1" doc:"Until then: a sequence_id, or an RFC 3339 time. Default is now." example:"2026-02-01T15:04:05Z"`
	Cursor string `json:"cursor,omitempty" doc:"The next_cursor of the page before, with the same moments and memories."`
	Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How many changed memories at most; a page of very large ones ends earlier."`
	Minimum
}

// Diff compares two moments.
var Diff = define(Operation{
	Name: "diff", Scope: Read, Summary: "Diff",
	Detail: "What became of the memories between two moments: each that changed, once, in the order of their last events. Applied to the " +
		"memories as of the first moment, the changes give those as of the second. Content and metadata change by a JSON patch (RFC 6902) " +
		"of the memory. The first page counts all changes; every page is of the same two states.",
}, (*Service).diff)

func (s *Service) diff(ctx context.Context, c Caller, r *DiffRequest) (answer[queries.DiffResult], error) {
	request := queries.DiffRequest{MinSequenceID: r.MinSequenceID, AgentID: r.AgentID, UserID: r.UserID, Cursor: r.Cursor, Limit: r.Limit}
	if r.ID != nil {
		request.ID = *r.ID
	}
	var err error
	if request.From, err = parseAsOf("from", r.From); err != nil {
		return answer[queries.DiffResult]{}, err
	}
	if request.To, err = parseAsOf("to", r.To); err != nil {
		return answer[queries.DiffResult]{}, err
	}
	result, err := s.deps.Queries.Diff(ctx, c.Tenant, request)
	return answer[queries.DiffResult]{body: result, sequenceID: result.To.SequenceID}, err
}
