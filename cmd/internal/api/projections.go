package api

import (
	"context"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
)

// ListProjectionsRequest asks how far the projections are.
type ListProjectionsRequest struct{}

// Projections are all that there are, of every tenant.
type Projections struct {
	Projections []projections.Status `json:"projections"`
}

// ListProjections tells how far the read models are.
var ListProjections = define(Operation{
	Name: "listProjections", Scope: Operate, Summary: "Projections",
	Detail: "How far the read models of each tenant are, and who keeps them up to date.",
}, func(s *Service, ctx context.Context, _ Caller, _ *ListProjectionsRequest) (answer[Projections], error) {
	if s.deps.Projections == nil {
		return answer[Projections]{}, domain.Errorf(domain.Unavailable, "this process does not look at projections")
	}
	all, err := s.deps.Projections(ctx)
	if all == nil {
		all = []projections.Status{}
	}
	return answer[Projections]{body: Projections{all}}, err
})
