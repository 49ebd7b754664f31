package api

import (
	"context"
	"time"

	"github.com/auren-memory/auren/domain"
)

// Projection says how far one projection of one tenant is. Its fields are those of projections.Status.
type Projection struct {
	Tenant        domain.Tenant `json:"tenant" example:"default"`
	Projection    string        `json:"projection" example:"agent_memories"`
	Version       int           `json:"version" doc:"Of the projection that made the rows; 0 if there are none yet."`
	SequenceID    int64         `json:"sequence_id" doc:"The last event applied."`
	Head          int64         `json:"head" doc:"The last event of the log."`
	Lag           int64         `json:"lag" doc:"How many events have not been applied yet."`
	LagSeconds    float64       `json:"lag_seconds" doc:"The age of the first event that has not been applied."`
	UpdatedAt     *time.Time    `json:"updated_at" doc:"When an event was applied last."`
	Holder        string        `json:"holder" doc:"The process that leads; empty if none does."`
	Term          int64         `json:"term" doc:"How often the lead was taken."`
	StoppedAt     *int64        `json:"stopped_at" doc:"The event that cannot be applied; 0 where it stopped and no event is at fault, null where it did not stop."`
	StoppedReason string        `json:"stopped_reason,omitempty" doc:"Why it cannot."`
	State         string        `json:"state" enum:"idle,moving,stuck,stopped" doc:"Stuck if it is behind and has not moved for ten seconds."`
}

// ListProjectionsRequest asks how far the projections are.
type ListProjectionsRequest struct{}

// Projections are all that there are, of every tenant.
type Projections struct {
	Projections []Projection `json:"projections"`
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
		all = []Projection{}
	}
	return answer[Projections]{body: Projections{all}}, err
})
