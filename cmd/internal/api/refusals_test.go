package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
)

// Every request that cannot be right is the same problem on every door, names the field as it was written, and writes
// nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project(t)
	memory := func(member string) string { return `{"agent_id":"a","user_id":"u","content":1,` + member + `}` }
	long := func(n int) string { return strings.Repeat("x", n) }
	const invalid, malformed = 422, 400

	remember, batch, revise, forgetAll := api.Remember.Operation, api.RememberBatch.Operation, api.Revise.Operation, api.ForgetMatching.Operation
	confidence, evidence, expiry, restore, forget := api.AdjustConfidence.Operation, api.RecordEvidence.Operation, api.SetExpiry.Operation, api.Restore.Operation, api.Forget.Operation
	get, list, search, history := api.GetMemory.Operation, api.ListMemories.Operation, api.SearchMemories.Operation, api.GetHistory.Operation
	recent, stats, diff, position := api.ListRecent.Operation, api.GetStats.Operation, api.Diff.Operation, api.GetPosition.Operation
	stream, log, follow, projections := api.ReadStream.Operation, api.ReadLog.Operation, api.FollowLog.Operation, api.ListProjections.Operation

	cases := []struct {
		op      *api.Operation
		request string
		status  int
		// field at fault, "" for the request as a whole; says is in the message.
		field, says string
	}{
		{remember, `{"agent_id":`, malformed, "agent_id", "JSON"},
		{remember, `{`, malformed, "", "the request"},
		{remember, memory(`"reason":"r"`) + `x`, malformed, "", "nothing may follow the value"},
		{remember, `[]`, invalid, "", "got a list"},
		{remember, `null`, invalid, "", "got null"},
		{remember, ``, invalid, "agent_id", "required"},
		{remember, memory(`"confidence":NaN`), malformed, "confidence", "JSON"},
		{remember, memory(`"confidence":1e999`), invalid, "confidence", "64 bits"},
		{remember, `{"agent_id":"a","user_id":"u","content":{"a":[0,1,2,"\u0000"]}}`, malformed, "content.a[3]", "NUL"},
		{remember, memory(`"reason":"\ud800"`), malformed, "reason", "lone surrogate"},
		{remember, memory("\"reason\":\"\xff\""), malformed, "reason", "UTF-8"},
		{remember, `{"agent_id":"a","agent_id":"b","user_id":"u","content":1}`, malformed, "agent_id", "twice"},
		{remember, `{"agent_id":"a","user_id":"u","content":{"k":{"a":1,"a":2}}}`, malformed, "content.k.a", "twice"},
		{remember, `{"agent_id":"a","user_id":"u","content":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`, malformed, "content" + strings.Repeat("[0]", 64) + "[…", "500"},
		{remember, memory(`"occurred_at":"2026-01-01T00:00:00,5Z"`), invalid, "occurred_at", "RFC 3339"},
		{list, `{"as_of":"2026-01-01T00:00:00,5Z"}`, invalid, "as_of", "RFC 3339"},
		{remember, memory(`"colour":"red"`), invalid, "colour", "one of agent_id, user_id"},
		{remember, `{"Agent_ID":"a","user_id":"u","content":1}`, invalid, "Agent_ID", "is unknown"},
		{remember, memory(`"confidence":"0.5"`), invalid, "confidence", "must be a number, got a string"},
		{remember, `{"agent_id":7,"user_id":"u","content":1}`, invalid, "agent_id", "must be a string, got a number"},
		{remember, `{"agent_id":null,"user_id":"u","content":1}`, invalid, "agent_id", "must be a string, got null"},
		{remember, memory(`"confidence":1.01`), invalid, "confidence", "1.01"},
		{remember, `{"agent_id":" ","user_id":"u","content":1}`, invalid, "agent_id", ""},
		{remember, `{"agent_id":"` + long(101) + `","user_id":"u","content":1}`, invalid, "agent_id", "100"},
		{remember, `{"agent_id":"a","user_id":"` + long(256) + `","content":1}`, invalid, "user_id", "255"},
		{remember, memory(`"memory_type":"` + long(51) + `"`), invalid, "memory_type", "50"},
		{remember, memory(`"reason":"` + long(2001) + `"`), invalid, "reason", "2000"},
		{remember, `{"agent_id":"a","user_id":"u"}`, invalid, "content", "required"},
		{remember, `{"agent_id":"a","user_id":"u","content":"` + long(1<<20) + `"}`, invalid, "content", "1048576"},
		{remember, memory(`"metadata":[]`), invalid, "metadata", "object"},
		{remember, memory(`"metadata":{"a":"` + long(1<<16) + `"}`), invalid, "metadata", "65536"},
		{remember, memory(`"id":"00000000-0000-8000-8000-000000000000"`), invalid, "id", "must not begin with"},
		{remember, memory(`"id":"17"`), invalid, "id", "must be a UUID"},
		{remember, memory(`"id":"{` + memoryID + `}"`), invalid, "id", "must be a UUID"},
		{remember, memory(`"id":"00000000-0000-0000-0000-000000000000"`), invalid, "id", ""},
		{remember, memory(`"expires_at":"2026-02-30T00:00:00Z"`), invalid, "expires_at", "RFC 3339"},
		{remember, memory(`"valid_from":"2026-02-03T00:00:00Z","valid_to":"2026-02-02T24:00:00Z"`), invalid, "valid_to", "RFC 3339"},
		{remember, memory(`"valid_from":"2026-02-03T01:00:00+01:00","valid_to":"2026-02-03T00:00:00Z"`), invalid, "valid_to", "must be after valid_from, which is 2026-02-03T00:00:00Z, got 2026-02-03T00:00:00Z"},
		{revise, one(`"valid_from":7`), invalid, "valid_from", "must be an RFC 3339 time, e.g. 2026-01-31T15:04:05Z, or null, got a number"},
		{revise, one(`"valid_from":""`), invalid, "valid_from", "RFC 3339"},
		{revise, one(`"valid_from":"2026-02-03T01:00:00+01:00","valid_to":"2026-02-03T00:00:00Z"`), invalid, "valid_to", "must be after"},
		{list, `{"valid_at":null}`, invalid, "valid_at", "must not be null"},
		{list, `{"valid_at":"now"}`, invalid, "valid_at", "RFC 3339"},
		{forgetAll, `{"filters":{"valid_at":{"lt":"2026-02-03T00:00:00Z"}}}`, invalid, "filters.valid_at.lt", "must be one of eq, ne"},
		{remember, memory(`"occurred_at":"2026-02-03T00:00:00"`), invalid, "occurred_at", "RFC 3339"},
		{remember, memory(`"occurred_at":"0000-01-01T00:00:00Z"`), invalid, "occurred_at", "9999"},
		{remember, memory(`"reason":"` + long(4<<20) + `"`), 413, "", "4194304"},
		{revise, one(`"reason":"r"`), invalid, "", "memory_type"},
		{revise, one(`"memory_type":""`), invalid, "memory_type", "empty"},
		{revise, one(`"content":1,"expected_version":0`), invalid, "expected_version", "got 0"},
		{revise, one(`"content":1,"expected_version":99999999999999999999`), invalid, "expected_version", "whole number"},
		{revise, one(`"content":1,"expected_version":1.5`), invalid, "expected_version", "whole number"},
		{confidence, one(`"reason":"r"`), invalid, "confidence", "required"},
		{confidence, one(`"confidence":7`), invalid, "confidence", "7"},
		{evidence, one(`"supports":null`), invalid, "supports", "got null"},
		{evidence, one(`"supports":true,"weight":2`), invalid, "weight", "2"},
		{evidence, one(`"supports":"yes"`), invalid, "supports", "true or false"},
		{evidence, one(`"supports":true,"note":"` + long(2001) + `"`), invalid, "note", "2000"},
		{expiry, one(`"expires_at":1700000000`), invalid, "expires_at", "got a number"},
		{expiry, one(`"reason":"r"`), invalid, "expires_at", "required"},
		{restore, one(`"what":"1"`), invalid, "what", "is unknown"},
		{forget, one(`"what":"1"`), invalid, "what", "is unknown"},
		{forget, one(`"reason":"` + long(2001) + `"`), invalid, "reason", "2000"},
		{forget, `{"id":"17"}`, invalid, "id", "must be a UUID"},
		{forget, `{"reason":"r"}`, invalid, "id", "required"},
		{batch, `{"memories":{}}`, invalid, "memories", "must be a list"},
		{batch, `{"memories":[]}`, invalid, "memories", "1"},
		{batch, `{"memories":[` + strings.Repeat("1,", 1000) + `1]}`, invalid, "memories", "1000"},
		{batch, `{"memories":[` + coffee + `,{"content":"\u0000"}]}`, malformed, "memories[1].content", "NUL"},
		{forgetAll, `{}`, invalid, "all", "true"},
		{forgetAll, `{"dry_run":true}`, invalid, "all", "true"},
		{forgetAll, `{"all":false}`, invalid, "all", "true"},
		{forgetAll, `{"metadata":{}}`, invalid, "all", "true"},
		{forgetAll, `{"user_id":null}`, invalid, "user_id", "must not be null: leave it out, or give a value"},
		{forgetAll, `{"agent_id":"a","metadata":null}`, invalid, "metadata", "must not be null"},
		{forgetAll, `{"agent_id":"a","memory_types":null}`, invalid, "memory_types", "must not be null"},
		{forgetAll, `{"agent_id":"a","created_after":null}`, invalid, "created_after", "must not be null"},
		{forgetAll, `{"agent_id":"a","dry_run":null}`, invalid, "dry_run", "must not be null"},
		{forget, one(`"expected_version":null`), invalid, "expected_version", "must not be null"},
		{list, `{"min_confidence":null}`, invalid, "min_confidence", "must not be null"},
		{search, `{"query":"a","filters":null}`, invalid, "filters", "must not be null"},
		{search, `{"query":"a","filters":{"metadata":null}}`, invalid, "filters.metadata", "must be a JSON object, e.g. {\"topic\": \"sleep\"}, got null"},
		{log, `{"user_id":null}`, invalid, "user_id", "must not be null"},
		{api.RestoreMatching.Operation, `{"filters":{}}`, invalid, "all", "true"},
		{forgetAll, `{"all":true,"agent_id":"coach"}`, invalid, "all", "filter"},
		{forgetAll, `{"all":true,"state":"all"}`, invalid, "state", "is unknown"},
		{forgetAll, `{"metadata":[]}`, invalid, "metadata", "object"},
		{forgetAll, `{"memory_types":["a",7]}`, invalid, "memory_types[1]", "must be a string"},
		{forgetAll, `{"min_confidence":0.8,"max_confidence":0.2}`, invalid, "min_confidence", "0.8"},
		{forgetAll, `{"agent_id":"coach","user_id":""}`, invalid, "user_id", "leave it out, or give 1 to 255 characters"},
		{forgetAll, `{"agent_id":" ","user_id":"ana"}`, invalid, "agent_id", "leave it out, or give 1 to 100 characters"},
		{forgetAll, `{"user_id":"ana","memory_types":[]}`, invalid, "memory_types", "leave it out, or give 1 to 1000 items"},
		{forgetAll, `{"user_id":"ana","memory_types":[""]}`, invalid, "memory_types", "must be 1 to 50 characters, got 0"},

		{list, `{"agent":"a"}`, invalid, "agent", "one of agent_id"},
		{list, `{"limit":0}`, invalid, "limit", "must be 1 to 1000, got 0"},
		{list, `{"limit":1001}`, invalid, "limit", "must be 1 to 1000, got 1001"},
		{list, `{"limit":1.5}`, invalid, "limit", "a whole number"},
		{list, `{"order":"size"}`, invalid, "order", "created"},
		{list, `{"state":"gone"}`, invalid, "state", "forgotten"},
		{list, `{"agent_id":"` + long(20_000) + `"}`, invalid, "agent_id", "must be 1 to 100 characters, got 20000"},
		{list, `{"state":""}`, invalid, "state", "leave it out, or give one of active, forgotten, expired, all"},
		{list, `{"order":""}`, invalid, "order", "empty"},
		{list, `{"cursor":"abc"}`, invalid, "cursor", ""},
		{list, `{"metadata":7}`, invalid, "metadata", "object"},
		{list, `{"max_confidence":2}`, invalid, "max_confidence", "2"},
		{get, one(`"as_of":""`), invalid, "as_of", "leave it out, or give 1 character or more"},
		{get, one(`"as_of":"yesterday"`), invalid, "as_of", "RFC 3339"},
		{get, one(`"as_of":"0"`), invalid, "as_of", "sequence_id"},
		{get, one(`"min_sequence_id":-1`), invalid, "min_sequence_id", "at least 0"},
		{search, `{}`, invalid, "query", "must hold at least one word"},
		{search, `{"query":" "}`, invalid, "query", ""},
		{search, `{"query":"a","filters":{"metadata":7}}`, invalid, "filters.metadata", "object"},
		{search, `{"query":"a","filters":{"colour":1}}`, invalid, "filters.colour", "is unknown"},
		{search, `{"query":"a","filters":[]}`, invalid, "filters", "must be an object"},
		{list, `{"filters":7}`, invalid, "filters", "must be an object"},
		{list, `{"filters":{"NOT":{"version":"1"}}}`, invalid, "filters.NOT.version", "must be a whole number of at most 64 bits, got \"1\""},
		{stats, `{"filters":{"OR":[{"version":{"like":1}}]}}`, invalid, "filters.OR[0].version.like", "must be one of eq, ne"},
		{stats, `{"agent_ids":[""]}`, invalid, "agent_ids", "must be 1 to 100 characters, got 0"},
		{forgetAll, `{"filters":{}}`, invalid, "all", "true"},
		{forgetAll, `{"filters":{"NOT":{}}}`, invalid, "filters.NOT", "must hold at least one condition"},
		{forgetAll, `{"filters":null}`, invalid, "filters", "must not be null"},
		{forgetAll, `{"filters":{"agent_id":null}}`, invalid, "filters.agent_id", "must be a text, got null"},
		{search, `{"query":"a","cursor":"abc"}`, invalid, "cursor", "must be the next_cursor of a page before"},
		{search, `{"queries":[]}`, invalid, "queries", "must not be empty: leave it out, or give 1 to 20 items"},
		{search, `{"queries":["a",7]}`, invalid, "queries[1]", "a string"},
		{search, `{"queries":["a"," "]}`, invalid, "queries[1]", "must hold a word"},
		{search, `{"queries":["a"],"query":"b"}`, invalid, "queries", "without query"},
		{search, `{"queries":["a"],"cursor":"b"}`, invalid, "cursor", "one query"},
		{search, `{"queries":[` + strings.Repeat(`"a",`, 20) + `"a"]}`, invalid, "queries", "1 to 20, got 21"},
		{search, `{"query":"a","why_not":"17"}`, invalid, "why_not", "must be a UUID"},
		{search, `{"query":"a","why_not":null}`, invalid, "why_not", "must not be null"},
		{search, `{"query":"a","fold":1}`, invalid, "fold", "true or false"},
		{search, `{"query":"a","max_tokens":0}`, invalid, "max_tokens", "must be 1 to 1000000, got 0"},
		{search, `{"query":"a","max_tokens":"9"}`, invalid, "max_tokens", "a whole number"},
		{search, `{"query":"a","context":7}`, invalid, "context", "must be 1 to 6, got 7"},
		{search, `{"query":"a","context":-1}`, invalid, "context", "must be 1 to 6"},
		{search, `{"query":"a","cursor":7}`, invalid, "cursor", "a string"},
		{search, `{"query":"a","total":"yes"}`, invalid, "total", "true or false"},
		{search, `{"query":"a","limit":101}`, invalid, "limit", "1 to 100"},
		{recent, `{"as_of":"0"}`, invalid, "as_of", "sequence_id"},
		{recent, `{"as_of":"99"}`, invalid, "as_of", "must be at most 1, where the log ends, got 99"},
		{stats, `{"as_of":"now"}`, invalid, "as_of", "RFC 3339"},
		{search, `{"query":"a","as_of":"x"}`, invalid, "as_of", "RFC 3339"},
		{recent, `{"days":0}`, invalid, "days", "1 to 36525"},
		{stats, `{"agent_id":""}`, invalid, "agent_id", "empty"},
		{diff, `{"from":"x"}`, invalid, "from", "RFC 3339"},
		{diff, `{"from":"2"}`, invalid, "from", "must be at most 1, where the log ends, got 2"},
		{diff, `{"to":"0"}`, invalid, "to", "sequence_id"},
		{diff, `{"to":""}`, invalid, "to", "empty"},
		{diff, `{"from":"2999-01-01T00:00:00Z","to":"2020-01-01T00:00:00Z"}`, invalid, "from", "must not be later than to"},
		{diff, `{"from":null}`, invalid, "from", "must not be null"},
		{diff, `{"id":"17"}`, invalid, "id", "must be a UUID"},
		{diff, `{"id":null}`, invalid, "id", "must not be null"},
		{diff, `{"limit":1001}`, invalid, "limit", "1 to 1000"},
		{diff, `{"cursor":"e30"}`, invalid, "cursor", ""},
		{diff, `{"as_of":"1"}`, invalid, "as_of", "is unknown"},
		{position, `{"x":1}`, invalid, "x", "nothing"},
		{history, one(`"limit":-5`), invalid, "limit", "1 to 1000"},
		{stream, one(`"from":0`), invalid, "from", "1 to"},
		{stream, one(`"direction":"up"`), invalid, "direction", "forwards"},
		{stream, one(`"direction":""`), invalid, "direction", "leave it out, or give one of forwards, backwards"},
		{log, `{"after":-1}`, invalid, "after", "at least 0"},
		{log, `{"user_id":""}`, invalid, "user_id", "leave it out, or give 1 to 255 characters"},
		{log, `{"correlation_id":""}`, invalid, "correlation_id", "empty"},
		{log, `{"category":[""]}`, invalid, "category", `must be one of memory, projection, *, got ""; * reads those of other versions`},
		{log, `{"event_type":["projection_event_skipped"]}`, invalid, "event_type", "must be one of memory_"},
		{log, `{"category":["projection"],"event_type":["memory_revised"]}`, invalid, "event_type", "must be one of projection_event_skipped"},
		{follow, `{"category":["x"],"until":1}`, invalid, "category", `got "x"`},
		{log, `{"event_type":[""]}`, invalid, "event_type", strings.Join(api.EventTypes(), ", ")},
		{log, `{"event_type":["memory_revised","nonsense"]}`, invalid, "event_type", `got "nonsense"`},
		{follow, `{"event_type":["nonsense"],"until":1}`, invalid, "event_type", `got "nonsense"`},
		{log, `{"filters":{"confidence":1}}`, invalid, "filters.confidence", "must be one of AND, OR, NOT, sequence_id, event_id"},
		{log, `{"filters":null}`, invalid, "filters", "must not be null"},
		{follow, `{"until":1,"filters":{"sequence_id":"1"}}`, invalid, "filters.sequence_id", "must be a whole number"},
		{follow, `{"after":-1,"until":1}`, invalid, "after", "at least 0"},
		{follow, `{"until":1,"after":0,"agent_id":""}`, invalid, "agent_id", "empty"},
		{projections, `{"x":1}`, invalid, "x", "nothing"},
	}
	doors := w.doors(t)
	callers := make([]api.Caller, len(doors))
	covered := map[*api.Operation]bool{}
	for i, d := range doors {
		callers[i] = api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i))}
		ok[commands.Receipt](t, d, callers[i], remember, coffee)
	}
	for _, c := range cases {
		covered[c.op] = true
		t.Run(fmt.Sprintf("%s %.60q", c.op.Name, c.request), func(t *testing.T) {
			var first api.Problem
			for i, d := range doors {
				p := d.problem(t, callers[i], c.op, c.request, c.status)
				require.Contains(t, p.Detail, c.says, d.name)
				switch {
				case c.field == "" && len(p.Errors) > 0:
					require.Fail(t, "a field is named", "%s: %v", d.name, p.Errors)
				case c.field != "":
					require.Len(t, p.Errors, 1, p.Detail)
					require.Equal(t, c.field, p.Errors[0].Field, d.name)
				}
				if i == 0 {
					first = p
				}
				require.Equal(t, withoutID(first), withoutID(p), d.name)
			}
		})
	}
	for _, route := range httpapi.Routes() {
		require.True(t, covered[route.Operation], "no request for %s is refused", route.Name)
	}
	for i := range doors {
		require.EqualValues(t, 1, w.head(t, callers[i].Tenant))
	}
}

// withoutID leaves the id out of a list of names: it is not everywhere beside the others.
func withoutID(p api.Problem) string {
	return strings.ReplaceAll(fmt.Sprintf("%+v", p), "one of id, ", "one of ")
}

func TestCallersThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("x", 256)
	for _, d := range w.doors(t) {
		for field, c := range map[string]api.Caller{
			"tenant": {Tenant: "A b"}, "actor": {Actor: long}, "command_id": {CommandID: "a b"},
			"correlation_id": {CorrelationID: long}, "causation_id": {CausationID: long}, "traceparent": {Traceparent: long},
		} {
			for _, op := range []*api.Operation{api.Remember.Operation, api.FollowLog.Operation} {
				p := d.problem(t, c, op, `{"agent_id":"a"}`, 400)
				require.Equal(t, "urn:auren:problem:malformed", p.Type)
				require.Len(t, p.Errors, 1)
				require.Equal(t, field, p.Errors[0].Field, d.name)
				require.True(t, strings.HasPrefix(p.Detail, field+": "), p.Detail)
			}
		}
	}
	require.Zero(t, w.head(t, domain.DefaultTenant))
}

// The titles are the reason phrases of RFC 9110, but for a command id, which has a kind of problem of its own.
func TestProblemOfEachKind(t *testing.T) {
	t.Parallel()
	invalid := domain.Invalidf("a", "must be b")
	conflict := &domain.VersionConflictError{Stream: "s", Expected: 1, Actual: 2}
	for want, err := range map[string]error{
		"400 malformed Bad Request":               decode.Malformed(invalid),
		"413 too-large Content Too Large":         decode.TooLarge(7),
		"422 invalid Unprocessable Content":       invalid,
		"404 not-found Not Found":                 domain.Errorf(domain.NotFound, "x"),
		"409 conflict Conflict":                   fmt.Errorf("wrapped: %w", conflict),
		"422 command-id-reused Command id reused": domain.Errorf(domain.Reused, "x"),
		"403 forbidden Forbidden":                 domain.Errorf(domain.Forbidden, "x"),
		"503 unavailable Service Unavailable":     context.DeadlineExceeded,
		"500 internal Internal Server Error":      errors.New("secret"),
	} {
		p := api.ProblemOf(err)
		require.Equal(t, want, fmt.Sprint(p.Status, " ", p.Type[len(api.ProblemType("")):], " ", p.Title))
		require.NotContains(t, p.Detail, "secret")
		again := api.ProblemOf(api.ErrorOf(p, "s"))
		require.Equal(t, p, again, "a client shows what it was told")
	}
}
