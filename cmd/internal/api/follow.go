package api

import (
	"context"
	"time"

	"github.com/auren-memory/auren/eventstore"
)

// FollowLogRequest asks for the events of the log as they are committed.
type FollowLogRequest struct {
	After *int64 `json:"after,omitempty" minimum:"0" doc:"The sequence_id to go on after; default is the end of the log, so that only what happens from now on is sent."`
	EventFilter
}

// followPage is how many events are read at once: it is all that a slow reader holds.
const followPage = 50

// FollowLog streams the log, in pages whose SequenceID is their Next.
var FollowLog = defineStream(Operation{
	Name: "followLog", Scope: Audit, Summary: "Events as they happen",
	Detail: "Every event after a sequence_id, once and in order, and then those to come. It ends after until, where that is given.",
}, func(s *Service, ctx context.Context, c Caller, r *FollowLogRequest, each func(Page) error) error {
	page := Page{Events: []eventstore.Event{}}
	if r.After == nil {
		head, err := s.deps.Log.Head(ctx, c.Tenant)
		if err != nil {
			return err
		}
		page.Next = head.SequenceID
	} else {
		page.Next = *r.After
	}
	page.SequenceID = page.Next
	if err := each(page); err != nil {
		return err
	}
	limits := eventstore.FollowLimits{Batch: followPage, Poll: 2 * time.Second}
	return s.deps.Log.Follow(ctx, s.deps.LogWatcher, c.Tenant, page.Next, r.filter(), limits, func(read eventstore.Page) error {
		page := pageOf(read)
		page.SequenceID = page.Next
		return each(page)
	})
})
