package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries"
)

// ChangeMatchingRequest says which memories to forget or to restore. It has no state: those that can be are.
type ChangeMatchingRequest struct {
	Filter
	All    bool   `json:"all,omitempty" doc:"Needed to change everything, where nothing else is said."`
	DryRun bool   `json:"dry_run,omitempty" nullable:"false" doc:"Only count what would be changed."`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why; it is kept in the history."`
}

// ForgetMatchingAnswer says what was forgotten.
type ForgetMatchingAnswer struct {
	Matched    int   `json:"matched" doc:"How many memories were found."`
	Forgotten  int   `json:"forgotten" doc:"How many of them were forgotten by this command."`
	DryRun     bool  `json:"dry_run" doc:"Whether they were only counted."`
	SequenceID int64 `json:"sequence_id" doc:"That of the last event written, or what the count reflects if none was."`
}

// RestoreMatchingAnswer says what was restored.
type RestoreMatchingAnswer struct {
	Matched    int   `json:"matched" doc:"How many memories were found."`
	Restored   int   `json:"restored" doc:"How many of them were restored by this command."`
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
}, func(s *Service, ctx context.Context, c Caller, r *ChangeMatchingRequest) (answer[ForgetMatchingAnswer], error) {
	done, err := s.changeMatching(ctx, c, r, queries.StateActive, s.deps.Commands.ForgetMatching)
	return answer[ForgetMatchingAnswer]{sequenceID: done.SequenceID, body: ForgetMatchingAnswer{done.Matched, done.Changed, r.DryRun, done.SequenceID}}, err
})

// RestoreMatching restores by filter.
var RestoreMatching = define(Operation{
	Name: "restoreMatching", Scope: Write, Idempotent: true,
	Summary: "Restore by filter",
	Detail: "Brings back every forgotten memory that matches, several hundred in one transaction; repeat it where it was interrupted. " +
		"Everything that was committed before the request is looked at. Try it with dry_run first.",
	Example: `{"agent_id":"coach","user_id":"ana","filters":{"updated_at":{"gte":"2026-01-31T15:04:05Z"}},"dry_run":true}`,
}, func(s *Service, ctx context.Context, c Caller, r *ChangeMatchingRequest) (answer[RestoreMatchingAnswer], error) {
	done, err := s.changeMatching(ctx, c, r, queries.StateForgotten, s.deps.Commands.RestoreMatching)
	return answer[RestoreMatchingAnswer]{sequenceID: done.SequenceID, body: RestoreMatchingAnswer{done.Matched, done.Changed, r.DryRun, done.SequenceID}}, err
})

// matchingCommand is a command on all memories that match.
type matchingCommand func(context.Context, commands.Request, canonjson.Value, commands.Find) (commands.Matching, error)

// changeMatching runs a command on the memories in a state that match. The position of the result is that of the last event
// written, or what the count reflects.
func (s *Service) changeMatching(ctx context.Context, c Caller, r *ChangeMatchingRequest, state string, command matchingCommand) (commands.Matching, error) {
	f := r.filter()
	f.State = state
	if err := checkAll(f, r.All); err != nil {
		return commands.Matching{}, err
	}
	head, err := s.deps.Log.Head(ctx, c.Tenant)
	if err != nil {
		return commands.Matching{}, err
	}
	// Counting waits until the read model reflects the log as it is now: one that lags could forget what no longer matches.
	count, sequenceID, err := s.deps.Queries.Count(ctx, c.Tenant, f, head.SequenceID)
	if err != nil {
		return commands.Matching{}, err
	}
	done := commands.Matching{Matched: int(count)}
	if !r.DryRun {
		said, err := canonjson.Marshal(f)
		if err != nil {
			return commands.Matching{}, err
		}
		done, err = command(ctx, c.command(r.Reason, nil), said, func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
			return s.deps.Queries.MatchingIDs(ctx, c.Tenant, f, after, limit)
		})
		if err != nil {
			return commands.Matching{}, err
		}
	}
	if done.SequenceID == 0 {
		done.SequenceID = sequenceID
	}
	return done, nil
}

// checkAll keeps a filter that was left empty by mistake from changing everything.
func checkAll(f queries.Filter, all bool) error {
	switch {
	case f.Empty() && !all:
		return domain.Invalidf("all", "must be true to change everything: name what to change, or set it")
	case !f.Empty() && all:
		return domain.Invalidf("all", "must not be given together with a filter")
	}
	return nil
}
