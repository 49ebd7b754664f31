package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries"
)

// ForgetMatchingRequest says which memories to forget. Only active ones can be, so it has no state.
type ForgetMatchingRequest struct {
	Owners
	Narrow
	Span
	All    bool   `json:"all,omitempty" doc:"Needed to forget everything, where nothing else is said."`
	DryRun bool   `json:"dry_run,omitempty" nullable:"false" doc:"Only count what would be forgotten."`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why; it is kept in the history."`
}

// ForgetMatchingAnswer says what was forgotten.
type ForgetMatchingAnswer struct {
	Matched    int   `json:"matched" doc:"How many memories were found."`
	Forgotten  int   `json:"forgotten" doc:"How many of them were forgotten by this command."`
	DryRun     bool  `json:"dry_run" doc:"Whether they were only counted."`
	SequenceID int64 `json:"sequence_id" doc:"That of the last event written, or what the count reflects if none was."`
}

// ForgetMatching forgets by filter.
var ForgetMatching = define(Operation{
	Name: "forgetMatching", Scope: Write, Idempotent: true,
	Summary: "Forget by filter",
	Detail: "Forgets every active memory that matches, several hundred in one transaction; repeat it where it was interrupted. " +
		"Everything that was committed before the request is looked at. Try it with dry_run first.",
	Example: `{"agent_id":"coach","user_id":"ana","metadata":{"topic":"sleep"},"dry_run":true}`,
}, (*Service).forgetMatching)

func (s *Service) forgetMatching(ctx context.Context, c Caller, r *ForgetMatchingRequest) (answer[ForgetMatchingAnswer], error) {
	f := filter(r.Owners, r.Narrow, r.Span)
	if err := checkAll(f, r.All); err != nil {
		return answer[ForgetMatchingAnswer]{}, err
	}
	head, err := s.deps.Log.Head(ctx, c.Tenant)
	if err != nil {
		return answer[ForgetMatchingAnswer]{}, err
	}
	// Counting waits until the read model reflects the log as it is now: one that lags could forget what no longer matches.
	count, sequenceID, err := s.deps.Queries.Count(ctx, c.Tenant, f, head.SequenceID)
	if err != nil {
		return answer[ForgetMatchingAnswer]{}, err
	}
	done := commands.Forgotten{Matched: int(count)}
	if !r.DryRun {
		said, err := canonjson.Marshal(f)
		if err != nil {
			return answer[ForgetMatchingAnswer]{}, err
		}
		done, err = s.deps.Commands.ForgetMatching(ctx, c.command(r.Reason, nil), said, func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
			return s.deps.Queries.MatchingIDs(ctx, c.Tenant, f, after, limit)
		})
		if err != nil {
			return answer[ForgetMatchingAnswer]{}, err
		}
	}
	if done.SequenceID > 0 {
		sequenceID = done.SequenceID
	}
	return answer[ForgetMatchingAnswer]{sequenceID: sequenceID, body: ForgetMatchingAnswer{
		Matched: done.Matched, Forgotten: done.Forgotten, DryRun: r.DryRun, SequenceID: sequenceID,
	}}, nil
}

// checkAll keeps a filter that was left empty by mistake from forgetting everything.
func checkAll(f queries.Filter, all bool) error {
	switch {
	case f.Empty() && !all:
		return domain.Invalidf("all", "must be true to forget everything: name what to forget, or set it")
	case !f.Empty() && all:
		return domain.Invalidf("all", "must not be given together with a filter")
	}
	return nil
}
