package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// found is what an answer holds, in few words: of memories the confidences, of events their places.
func found(t *testing.T, answer any) (list []any) {
	t.Helper()
	switch a := answer.(type) {
	case queries.ListResult:
		for _, m := range a.Memories {
			list = append(list, m.Confidence)
		}
		list = append(list, a.NextCursor != "")
	case queries.SearchResult:
		for _, h := range a.Hits {
			require.Positive(t, h.Score)
			list = append(list, h.Memory.Confidence, h.Explain != nil)
			if h.Duplicates != nil {
				list = append(list, "for", len(h.Duplicates))
			}
			if h.Context != nil {
				list = append(list, len(h.Context.Before), len(h.Context.After))
			}
		}
		if w := a.WhyNot; w != nil {
			list = append(list, w.Reason, w.Rank)
		}
		for _, one := range a.Answers {
			list = append(list, one.Query, found(t, queries.SearchResult{Answer: one}))
		}
		if a.Tokens != nil {
			list = append(list, "tokens", *a.Tokens, a.Cut, len(a.TooLong))
		}
		if a.Total != nil {
			list = append(list, "of", *a.Total, a.NextCursor != "")
		}
	case queries.HistoryResult:
		for _, v := range a.Versions {
			list = append(list, v.Memory.Version, v.Reason)
		}
		list = append(list, a.NextAfterVersion)
	case queries.DiffResult:
		for i := range a.Changes {
			list = append(list, a.Changes[i].SequenceID, a.Changes[i].Changes, len(a.Changes[i].Patch))
		}
		list = append(list, a.From.SequenceID, a.To.SequenceID, a.NextCursor != "")
	case queries.Stats:
		list = append(list, a.Active)
	case api.ReadStreamAnswer:
		for _, e := range a.Events {
			list = append(list, e.Version)
		}
		list = append(list, a.NextFrom)
	case api.Page:
		for _, e := range a.Events {
			list = append(list, e.SequenceID)
		}
		list = append(list, a.Next)
	}
	return list
}

func TestWhatIsAskedForIsAnsweredOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project(t)
	hourAgo := time.Now().Add(-time.Hour).Format(time.RFC3339)
	list, search, stream, log, diff := api.ListMemories.Operation, api.SearchMemories.Operation, api.ReadStream.Operation, api.ReadLog.Operation, api.Diff.Operation
	cases := []struct {
		op      *api.Operation
		request string
		want    string
	}{
		{list, `{"agent_id":"a1","user_id":"u1"}`, "[0.1 false]"},
		{list, `{"agent_id":"a0","user_id":"u1"}`, "[0.4 false]"},
		{list, `{"memory_types":["t0","t2"]}`, "[0.8 0.2 0.3 false]"},
		{list, `{"min_confidence":0.3,"max_confidence":0.4}`, "[0.3 0.4 false]"},
		{list, `{"metadata":{"n":3}}`, "[0.3 false]"},
		{list, `{"state":"forgotten"}`, "[0.5 false]"},
		{list, `{"state":"all","order":"confidence","descending":true,"limit":2}`, "[0.8 0.5 true]"},
		{list, `{"created_after":"` + hourAgo + `","created_before":"2099-01-01T00:00:00Z"}`, "[0.8 0.1 0.2 0.3 0.4 false]"},
		{list, `{"created_before":"` + hourAgo + `"}`, "[false]"},
		{list, `{"updated_before":"` + hourAgo + `"}`, "[false]"},
		{list, `{"recorded_before":"` + hourAgo + `"}`, "[false]"},
		{list, `{"updated_after":"2099-01-01T00:00:00Z"}`, "[false]"},
		{list, `{"recorded_after":"2099-01-01T00:00:00Z"}`, "[false]"},
		{list, `{"expires_before":"2099-01-01T00:00:00Z"}`, "[false]"},
		{list, `{"valid_at":"2019-12-31T23:59:59.999999Z"}`, "[0.8 0.1 0.3 0.4 false]"},
		{list, `{"valid_at":"2020-01-01T01:00:00+01:00"}`, "[0.8 0.1 0.2 0.3 0.4 false]"},
		{list, `{"filters":{"valid_from":{"exists":true}},"state":"all"}`, "[0.2 0.5 false]"},
		{list, `{"valid_at":"2020-01-01T00:00:00Z","as_of":"3"}`, "[0.1 0.2 false]"},
		{list, `{"valid_at":"2019-01-01T00:00:00Z","as_of":"3"}`, "[0 0.1 false]"},
		{search, `{"query":"run","valid_at":"2019-01-01T00:00:00Z","agent_id":"a0","min_score":0.01}`, "[0.8 false 0.4 false]"},
		{api.GetStats.Operation, `{"valid_at":"2019-01-01T00:00:00Z"}`, "[4]"},
		{list, `{"as_of":"3"}`, "[0 0.1 0.2 false]"},
		{search, `{"query":"Which run was number 2?","agent_id":"a0","filters":{"metadata":{"n":2}},"explain":true}`, "[0.2 true]"},
		{list, `{"agent_ids":["a0","a1"],"user_ids":["u1"]}`, "[0.1 0.4 false]"},
		{list, `{"filters":{"OR":[{"metadata.n":3},{"NOT":{"confidence":{"gt":0.1}}}]}}`, "[0.1 0.3 false]"},
		{list, `{"filters":{"state":{"ne":"active"}}}`, "[0.5 false]"},
		{list, `{"filters":{"state":{"in":["active","forgotten"]}},"state":"active","agent_id":"a1"}`, "[0.1 0.3 false]"},
		{api.GetStats.Operation, `{"filters":{"metadata.n":{"in":[1,3,5]}}}`, "[2]"},
		{search, `{"query":"run","filters":{"OR":[{"agent_id":"a0","metadata.n":{"gt":3,"lt":7}},{"user_id":"u1","agent_id":{"nin":["a0","a1"]}}]}}`, "[0.4 false]"},
		{search, `{"query":"run","filters":{"state":"forgotten"}}`, "[]"},
		{search, `{"queries":["run number 3","2"],"limit":1,"as_of":"4"}`, "[run number 3 [0.3 false] 2 [0.2 false]]"},
		{search, `{"query":"run","fold":true,"limit":9,"agent_id":"a0"}`, "[0.8 false 0.4 false 0.2 false]"},
		{search, `{"query":"number 3","limit":1,"why_not":"` + memoryID + `"}`, "[0.3 false limit 2]"},
		{search, `{"query":"run","agent_id":"a1","limit":1,"why_not":"` + memoryID + `"}`, "[0.3 false not_found 0]"},
		{search, `{"query":"number 3","limit":2,"max_tokens":5}`, "[0.3 false tokens 3 true 0]"},
		{search, `{"query":"number 3","limit":2,"max_tokens":2}`, "[tokens 0 true 5]"},
		{search, `{"query":"number 3","agent_id":"a0","limit":1,"context":1,"neighbors":false}`, "[0.8 false 0 0]"},
		{search, `{"query":"run number 3","limit":1,"total":true}`, "[0.3 false of 5 true]"},
		{search, `{"query":"run number 3","as_of":"3","limit":3,"total":true,"cursor":""}`, "[0.2 false 0.1 false 0 false of 3 false]"},
		{search, `{"query":"run","filters":{"created_before":"` + hourAgo + `"}}`, "[]"},
		{api.ListRecent.Operation, `{"agent_id":"a0","days":1,"limit":1}`, "[0.8 true]"},
		{api.GetStats.Operation, `{"agent_id":"a1"}`, "[2]"},
		{api.ListRecent.Operation, `{"agent_id":"a0","days":1,"as_of":"3"}`, "[0.2 0 false]"},
		{api.GetStats.Operation, `{"agent_id":"a1","as_of":"5"}`, "[2]"},
		{diff, `{"from":"6"}`, "[8 [revised confidence_moved validity_moved] 2 9 [forgotten] 0 6 9 false]"},
		{diff, `{"from":"2","to":"7","agent_id":"a0"}`, "[3 [added] 0 5 [added] 0 7 [revised validity_moved] 2 2 7 false]"},
		{diff, `{"to":"7","limit":1}`, "[2 [added] 0 0 7 true]"},
		{diff, one(`"from":"8"`), "[8 9 false]"},
		{diff, `{"from":"` + hourAgo + `","to":"2","user_id":"u1"}`, "[2 [added] 0 0 2 false]"},
		{api.GetHistory.Operation, one(`"limit":2`), "[1  2 r 2]"},
		{api.GetHistory.Operation, one(`"limit":1,"after_version":2`), "[3  0]"},
		{stream, one(`"limit":9`), "[1 2 3 0]"},
		{stream, one(`"limit":2`), "[1 2 3]"},
		{stream, one(`"from":2,"limit":1`), "[2 3]"},
		{stream, one(`"direction":"backwards"`), "[3 2 1 0]"},
		{stream, one(`"direction":"backwards","from":2`), "[2 1 0]"},
		{stream, one(`"direction":"backwards","limit":2`), "[3 2 1]"},
		{stream, one(`"direction":"forwards","from":99`), "[0]"},
		{stream, one(`"direction":"backwards","from":1000`), "[3 2 1 0]"},
		{log, `{}`, "[1 2 3 4 5 6 7 8 9 9]"},
		{log, `{"after":7}`, "[8 9 9]"},
		{log, `{"after":4,"limit":1}`, "[5 5]"},
		{log, `{"after":99}`, "[99]"},
		{log, `{"agent_id":"a1"}`, "[2 4 6 9 9]"},
		{log, `{"agent_id":"a1","user_id":"u1"}`, "[2 9]"},
		{log, `{"correlation_id":"c2"}`, "[3 9]"},
		{log, `{"until":2}`, "[1 2 2]"},
		{log, `{"event_type":["memory_revised","memory_forgotten"]}`, "[7 9 9]"},
		{log, `{"agent_id":"a0","limit":2,"until":100}`, "[1 3 3]"},
		{log, `{"agent_id":"none"}`, "[9]"},
		{log, `{"filters":{"correlation_id":{"in":["c2","c3"]}}}`, "[3 4 9]"},
		{log, `{"filters":{"correlation_id":null}}`, "[7 8 9 9]"},
		{log, `{"filters":{"payload.confidence":{"gt":0.3},"NOT":{"user_id":"u1"}}}`, "[6 9]"},
		{log, `{"filters":{"payload.changed":{"contains":"valid_to"}}}`, "[7 9]"},
		{log, `{"filters":{"payload":{"to":0.8}}}`, "[8 9]"},
		{log, `{"filters":{"OR":[{"stream_id":"` + memoryID + `"},{"event_type":{"starts_with":"memory_forg"}}]},"until":8}`, "[1 7 8 8]"},
		{log, `{"filters":{"sequence_id":{"gte":2},"version":1,"category":"memory","agent_id":"a0"},"limit":2}`, "[3 5 5]"},
		{log, `{"filters":{"created_at":{"lt":"` + hourAgo + `"}}}`, "[9]"},
		{log, `{"filters":{"occurred_at":{"gte":"` + hourAgo + `"},"event_id":{"ne":"` + memoryID + `"},"actor":{"exists":true},"principal":{"icontains":"A"},"command_id":{"ne":"x"},"causation_id":null},"after":8}`, "[9 9]"},
	}
	for i, d := range w.doors(t) {
		caller := api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i))}
		last := memoryID
		for n := range 6 {
			caller.CorrelationID = fmt.Sprint("c", n)
			id := ""
			if n == 0 {
				id = `"id":"` + memoryID + `",`
			}
			valid := map[int]string{0: `"valid_to":"2020-01-01T00:00:00Z",`, 2: `"valid_from":"2020-01-01T00:00:00Z",`, 5: `"valid_from":"2020-01-01T00:00:00Z",`}[n]
			last = ok[commands.Receipt](t, d, caller, api.Remember.Operation, fmt.Sprintf(
				`{%s%s"agent_id":"a%d","user_id":"u%d","memory_type":"t%d","content":"run number %d","confidence":0.%d,"metadata":{"n":%d}}`,
				id, valid, n%2, n%3, n%3, n, n, n)).ID.String()
		}
		caller.CorrelationID = ""
		ok[commands.Receipt](t, d, caller, api.Revise.Operation, one(`"metadata":{"n":7},"valid_to":null,"reason":"r"`))
		ok[commands.Receipt](t, d, caller, api.AdjustConfidence.Operation, one(`"confidence":0.8`))
		ok[commands.Receipt](t, d, caller, api.Forget.Operation, `{"id":"`+last+`"}`)
		ok[queries.SearchResult](t, d, caller, search, `{"query":"run","min_sequence_id":9}`)
		for _, c := range cases {
			answer, err := d.call(t, caller, c.op, c.request)
			require.NoError(t, err, "%s %s", c.op.Name, c.request)
			require.Equal(t, c.want, fmt.Sprint(found(t, answer)), "%s: %s %s", d.name, c.op.Name, c.request)
		}
		first := ok[queries.ListResult](t, d, caller, list, `{"limit":3}`)
		rest := ok[queries.ListResult](t, d, caller, list, `{"limit":3,"cursor":"`+first.NextCursor+`"}`)
		require.Equal(t, "[0.3 0.4 false]", fmt.Sprint(found(t, rest)))
		var all []any
		for next := ""; next != "" || all == nil; {
			page := ok[queries.SearchResult](t, d, caller, search, `{"query":"number 3","agent_ids":["a0","a1"],"limit":2,"cursor":"`+next+`"}`)
			all, next = append(all, found(t, page)...), page.NextCursor
		}
		require.Len(t, all, 10, "%v: five memories", all)
		stranger := api.Caller{Tenant: "stranger"}
		require.Equal(t, "[false]", fmt.Sprint(found(t, ok[queries.ListResult](t, d, stranger, list, `{"state":"all"}`))))
		require.Empty(t, found(t, ok[queries.SearchResult](t, d, stranger, search, `{"query":"run"}`)))
	}
}
