package httpapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// forgetBody says which memories to forget. Only active ones can be, so it has no state.
type forgetBody struct {
	Scope
	Narrow
	Span
	All    bool   `json:"all,omitempty" doc:"Needed to forget everything, where nothing else is said."`
	DryRun bool   `json:"dry_run,omitempty" doc:"Only count what would be forgotten."`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why, for whoever reads the history."`
}

type forgetAnswer struct {
	Matched   int  `json:"matched" doc:"How many memories were found."`
	Forgotten int  `json:"forgotten" doc:"How many of them were forgotten by this command."`
	DryRun    bool `json:"dry_run" doc:"Whether they were only counted."`
	// SequenceID that a query has to reflect to see the memories gone.
	SequenceID int64 `json:"sequence_id" doc:"That of the last event written, or what the count reflects if none was."`
}

func (a *api) forgetting() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/memories/forget", id: "forgetMatching", tag: tagCommands,
		summary: "Forget by filter",
		detail: "Forgets every active memory that matches, several hundred in one transaction; repeat it where it was interrupted. " +
			"Everything that was committed before the request is looked at. Try it with dry_run first.",
		example: `{"agent_id":"coach","user_id":"ana","metadata":{"topic":"sleep"},"dry_run":true}`,
	}, a.server.forgetMatching)
}

func (s *Server) forgetMatching(ctx context.Context, c *call[none, forgetBody]) (answer[forgetAnswer], error) {
	req, err := c.unconditional(c.body.Reason)
	if err != nil {
		return answer[forgetAnswer]{}, err
	}
	filter := queries.Filter{}
	c.body.Scope.into(&filter)
	c.body.Narrow.into(&filter)
	c.body.Span.into(&filter)
	if err := checkAll(filter, c.body.All); err != nil {
		return answer[forgetAnswer]{}, err
	}
	head, err := s.deps.Store.Head(ctx, c.tenant)
	if err != nil {
		return answer[forgetAnswer]{}, err
	}
	// Counting waits until the read model reflects the log as it is now, so that nothing told before is missed.
	count, sequenceID, err := s.deps.Queries.Count(ctx, c.tenant, filter, head.SequenceID)
	if err != nil {
		return answer[forgetAnswer]{}, err
	}
	done := commands.Forgotten{Matched: int(count)}
	if !c.body.DryRun {
		done, err = s.deps.Commands.ForgetMatching(ctx, req, filter, func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
			return s.deps.Queries.MatchingIDs(ctx, c.tenant, filter, after, limit)
		})
		if err != nil {
			return answer[forgetAnswer]{}, err
		}
	}
	if done.SequenceID > 0 {
		sequenceID = done.SequenceID
	}
	return answer[forgetAnswer]{sequenceID: sequenceID, body: forgetAnswer{
		Matched: done.Matched, Forgotten: done.Forgotten, DryRun: c.body.DryRun, SequenceID: sequenceID,
	}}, nil
}

// checkAll keeps a filter that was left empty by mistake from forgetting everything.
func checkAll(f queries.Filter, all bool) error {
	empty := f.Empty()
	switch {
	case empty && !all:
		return domain.Invalidf("all", "is not set and the filter is empty; name what to forget, or set all to true to forget everything")
	case !empty && all:
		return domain.Invalidf("all", "does not go with a filter; give one of the two")
	}
	return nil
}
