package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries"
)

const (
	memoryID = "0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f"
	coffee   = `{"id":"` + memoryID + `","agent_id":"coach","user_id":"ana","content":{"text":"Sleeps badly after late coffee"},"confidence":0.7,"metadata":{"topic":"sleep"}}`
)

// one is the beginning of a request about the memory.
func one(members string) string { return with(`"id":"`+memoryID+`"`, members) }

func with(members ...string) string { return "{" + strings.Join(members, ",") + "}" }

// valid has a request for every operation that succeeds on a memory that was just remembered. Those that change it come
// after those that look at it.
var valid = []struct {
	op      *api.Operation
	request string
	// another is a request that differs from the first: with the same command id it is refused.
	another string
}{
	{api.Remember.Operation, `{"agent_id":"coach","user_id":"ana","content":1,"valid_from":"2019-01-01T00:00:00Z"}`, `{"agent_id":"coach","user_id":"ana","content":1}`},
	{api.RememberBatch.Operation, `{"memories":[{"agent_id":"a","user_id":"u","content":1}]}`, `{"memories":[{"agent_id":"a","user_id":"u","content":2}]}`},
	{api.GetMemory.Operation, one(`"min_sequence_id":3`), ""},
	{api.ListMemories.Operation, `{"agent_id":"coach","state":"all","order":"confidence","limit":3,"memory_types":["observation","fact"],"metadata":{"topic":"sleep"},"agent_ids":["coach","b"],"filters":{"NOT":{"metadata.topic":{"ne":"sleep"}}},"min_sequence_id":3}`, ""},
	{api.SearchMemories.Operation, `{"query":"coffee","explain":true,"total":true,"cursor":"","max_tokens":9,"context":2,"fold":true,"why_not":"` + memoryID + `","filters":{"metadata":{"topic":"sleep"},"OR":[{"content":{"icontains":"COFFEE"}},{"confidence":{"gte":0.99}}]},"min_sequence_id":3}`, ""},
	{api.GetHistory.Operation, one(`"limit":2,"min_sequence_id":3`), ""},
	{api.ListRecent.Operation, `{"days":1,"min_sequence_id":3}`, ""},
	{api.GetStats.Operation, `{"user_id":"ana","filters":{"version":{"gte":1}},"valid_at":"2020-01-01T00:00:00Z","min_sequence_id":3}`, ""},
	{api.Diff.Operation, `{"user_id":"ana","from":"1","limit":3,"min_sequence_id":3}`, ""},
	{api.GetPosition.Operation, `{}`, ""},
	{api.ReadStream.Operation, one(`"direction":"backwards"`), ""},
	{api.ReadLog.Operation, `{"event_type":["memory_remembered"],"until":1}`, ""},
	{api.FollowLog.Operation, `{"after":0,"until":1,"filters":{"NOT":{"actor":"nobody"}}}`, ""},
	{api.ListProjections.Operation, `{}`, ""},
	{api.Revise.Operation, one(`"content":{"text":"No coffee past noon"},"valid_to":null,"reason":"asked again"`), one(`"content":{"text":"No coffee past noon"},"reason":"asked again"`)},
	{api.AdjustConfidence.Operation, one(`"confidence":0.9`), one(`"confidence":0.8`)},
	{api.RecordEvidence.Operation, one(`"supports":true,"weight":null,"note":"n"`), one(`"supports":false`)},
	{api.SetExpiry.Operation, one(`"expires_at":"2099-01-01T00:00:00+02:00"`), one(`"expires_at":null`)},
	{api.Forget.Operation, one(`"reason":"not true"`), one(`"reason":"another"`)},
	{api.Restore.Operation, one(`"reason":"was true"`), one(`"reason":"another"`)},
	{api.ForgetMatching.Operation, `{"agent_id":"nobody","created_after":"2020-01-01T00:00:00Z","valid_at":"2020-01-01T00:00:00Z"}`, `{"agent_id":"nobody","created_after":"2020-01-01T00:00:00Z"}`},
	{api.RestoreMatching.Operation, `{"agent_id":"nobody","filters":{"version":1}}`, `{"agent_id":"coach"}`},
}

func TestEveryOperationSucceedsOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project(t)
	var covered []*api.Operation
	bodies := map[string][]string{}
	for i, d := range w.doors(t) {
		caller := api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i)), CorrelationID: "suite"}
		ok[commands.Receipt](t, d, caller, api.Remember.Operation, coffee)
		for _, v := range valid {
			body, err := d.call(t, caller, v.op, v.request)
			require.NoError(t, err, "%s: %s", d.name, v.op.Name)
			if v.op == api.ListProjections.Operation {
				body = len(body.(api.Projections).Projections) > 0 // of all tenants, so they change meanwhile
			}
			bodies[v.op.Name] = append(bodies[v.op.Name], structure(t, body))
			if i == 0 {
				covered = append(covered, v.op)
			}
		}
		var types []string
		for _, e := range ok[api.Page](t, d, caller, api.ReadLog.Operation, `{"correlation_id":"suite"}`).Events {
			types = append(types, e.Type)
		}
		require.Equal(t, []string{memory.TypeRemembered, memory.TypeRemembered, memory.TypeRemembered, memory.TypeRevised, memory.TypeConfidenceAdjusted,
			memory.TypeEvidenceRecorded, memory.TypeExpirySet, memory.TypeForgotten, memory.TypeRestored}, types)
	}
	for _, route := range httpapi.Routes() {
		require.Contains(t, covered, route.Operation, route.Name)
	}
	require.Len(t, covered, len(httpapi.Routes()))
	for name, said := range bodies {
		for _, body := range said {
			require.JSONEq(t, said[0], body, name)
		}
	}
}

// structure is a JSON text without what differs from call to call.
func structure(t *testing.T, body any) string {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(raw, &v))
	var blank func(v any) any
	blank = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				switch name {
				case "id", "event_id", "stream_id", "created_at", "updated_at", "occurred_at", "recorded_at", "hash", "tenant_id",
					"oldest_created_at", "newest_created_at", "last_updated_at", "next_cursor", "average_length", "sha256", "time":
					v[name] = "-"
				default:
					v[name] = blank(member)
				}
			}
		case []any:
			for i := range v {
				v[i] = blank(v[i])
			}
		}
		return v
	}
	raw, err = json.Marshal(blank(v))
	require.NoError(t, err)
	return string(raw)
}

func TestACommandIDMeansOneCommandOnAllDoors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project(t)
	doors := w.doors(t)
	for _, v := range valid {
		if !v.op.Idempotent {
			continue
		}
		for i, first := range doors {
			for j, second := range doors {
				t.Run(fmt.Sprintf("%s sent %s, then %s", v.op.Name, first.name, second.name), func(t *testing.T) {
					tenant := domain.Tenant(strings.ToLower(fmt.Sprintf("%s-%d-%d", v.op.Name, i, j)))
					ok[commands.Receipt](t, first, api.Caller{Tenant: tenant}, api.Remember.Operation, coffee)
					caller := api.Caller{Tenant: tenant, CommandID: "once", Actor: "one"}
					done, err := first.call(t, caller, v.op, v.request)
					require.NoError(t, err)
					head := w.head(t, tenant)

					caller.Actor = "another"
					again, err := second.call(t, caller, v.op, v.request)
					require.NoError(t, err)
					switch done := done.(type) {
					case api.ForgetMatchingAnswer:
						require.Equal(t, done.Forgotten, again.(api.ForgetMatchingAnswer).Forgotten)
					case api.RestoreMatchingAnswer:
						require.Equal(t, done.Restored, again.(api.RestoreMatchingAnswer).Restored)
					default:
						require.Equal(t, done, again)
					}
					p := second.problem(t, caller, v.op, v.another, 422)
					require.Equal(t, "urn:auren:problem:command-id-reused", p.Type)
					require.Equal(t, "command_id", p.Errors[0].Field)
					require.Equal(t, head, w.head(t, tenant))
				})
			}
		}
	}
}

func TestTheAuthorizerDecidesOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := make(chan string, 1)
	w.deps.Authorize = func(c api.Caller, op *api.Operation) error {
		asked <- fmt.Sprintf("%s %s %s", c.Tenant, op.Scope, op.Name)
		return domain.Errorf(domain.Forbidden, "the scope %s is needed", op.Scope)
	}
	for _, d := range w.doors(t) {
		for _, route := range httpapi.Routes() {
			op := route.Operation
			for _, request := range []string{coffee, `{"no":"such"}`} {
				p := d.problem(t, api.Caller{Tenant: "acme"}, op, onMemory(op, request), 403)
				require.Equal(t, "urn:auren:problem:forbidden", p.Type)
				require.Equal(t, fmt.Sprintf("the scope %s is needed", op.Scope), p.Detail)
				require.Equal(t, fmt.Sprintf("acme %s %s", op.Scope, op.Name), <-asked)
			}
		}
	}
	require.Zero(t, w.head(t, "acme"))
}

// onMemory adds the id to a request that needs one.
func onMemory(op *api.Operation, request string) string {
	if op.OnMemory && !strings.Contains(request, `"id"`) {
		return one(request[1 : len(request)-1])
	}
	return request
}

func TestAMemoryThatDoesNotExistOrIsAnotherTenantsIsNotFoundOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project(t)
	for i, d := range w.doors(t) {
		owner := api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i))}
		ok[commands.Receipt](t, d, owner, api.Remember.Operation, coffee)
		for _, v := range valid {
			if v.op.OnMemory {
				request := strings.Replace(v.request, `"min_sequence_id":3`, `"min_sequence_id":0`, 1)
				require.Equal(t, "urn:auren:problem:not-found", d.problem(t, api.Caller{Tenant: "stranger"}, v.op, request, 404).Type)
				request = strings.Replace(request, memoryID, uuid.NewString(), 1)
				require.Equal(t, "urn:auren:problem:not-found", d.problem(t, owner, v.op, request, 404).Type)
			}
		}
		require.EqualValues(t, 1, w.head(t, owner.Tenant))
	}
}

func TestConflictsOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, d := range w.doors(t) {
		caller := api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i))}
		ok[commands.Receipt](t, d, caller, api.Remember.Operation, coffee)
		p := d.problem(t, caller, api.Remember.Operation, coffee, 409)
		require.Equal(t, [2]int{0, 1}, [2]int{*p.ExpectedVersion, *p.ActualVersion})
		require.Contains(t, p.Detail, memoryID)

		for _, v := range valid {
			if _, ok := v.op.NewRequest().(interface{ Expect(int) int }); !ok {
				continue
			}
			p := d.problem(t, caller, v.op, `{"expected_version":7,`+v.request[1:], 409)
			require.Equal(t, "urn:auren:problem:conflict", p.Type)
			require.Equal(t, [2]int{7, 1}, [2]int{*p.ExpectedVersion, *p.ActualVersion}, v.op.Name)
			_, err := d.call(t, caller, v.op, `{"expected_version":7,`+v.request[1:])
			require.ErrorContains(t, err, "memory "+memoryID+" is at version 1, expected 7")
			require.Equal(t, domain.Conflict, domain.KindOf(err))
		}
		require.Equal(t, 2, ok[commands.Receipt](t, d, caller, api.Forget.Operation, one(`"expected_version":1`)).Version)
		require.Nil(t, d.problem(t, caller, api.Revise.Operation, one(`"content":1`), 409).ActualVersion, "of a state, not of versions")
	}
}

func TestAnAnswerThatLagsIsUnavailableOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // no projections
	w.deps.Queries = queries.New(w.pool, queries.Config{WaitLimit: 20 * time.Millisecond})
	for i, d := range w.doors(t) {
		caller := api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i))}
		ok[commands.Receipt](t, d, caller, api.Remember.Operation, coffee)
		for _, v := range valid {
			if strings.Contains(v.request, "min_sequence_id") {
				p := d.problem(t, caller, v.op, v.request, 503)
				require.Equal(t, "urn:auren:problem:unavailable", p.Type)
				require.Contains(t, p.Detail, "3 behind", v.op.Name)
			}
		}
		d.problem(t, caller, api.ForgetMatching.Operation, `{"all":true}`, 503)
	}
}

// The past must not change because the read model lags.
func TestAsOfWaitsForTheReadModelOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doors := w.doors(t)
	caller := api.Caller{}
	ok[commands.Receipt](t, doors[0], caller, api.Remember.Operation, coffee)
	ok[commands.Receipt](t, doors[0], caller, api.Revise.Operation, one(`"content":2`))
	then := time.Now().UTC().Format(time.RFC3339Nano)
	answered := make(chan int, 2*len(doors))
	for _, d := range doors {
		for _, asOf := range []string{then, "2"} {
			go func() {
				reply, err := d.Do(t.Context(), caller, api.GetMemory.Operation, []byte(one(`"as_of":"`+asOf+`"`)))
				if err != nil {
					answered <- 0
					return
				}
				answered <- reply.Body.(queries.Memory).Version
			}()
		}
	}
	select {
	case version := <-answered:
		t.Fatalf("answered version %d before anything was projected", version)
	case <-time.After(100 * time.Millisecond):
	}
	w.project(t)
	for range 2 * len(doors) {
		require.Equal(t, 2, <-answered)
	}
	for _, d := range doors {
		require.Equal(t, 1, ok[queries.Memory](t, d, caller, api.GetMemory.Operation, one(`"as_of":"1"`)).Version)
		d.problem(t, caller, api.GetMemory.Operation, one(`"as_of":"2020-01-01T00:00:00+01:00"`), 404)
		for _, op := range []*api.Operation{api.GetMemory.Operation, api.GetHistory.Operation, api.ListMemories.Operation} {
			p := d.problem(t, caller, op, onMemory(op, `{"as_of":"3"}`), 422)
			require.Equal(t, "as_of", p.Errors[0].Field)
			require.Regexp(t, `\b2\b.*\b3\b`, p.Detail, "the end of the log, and what was asked for")
		}
	}
}

// A call that is typed makes the same request and reads the same answer.
func TestATypedCallOnEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project(t)
	for i, d := range w.doors(t) {
		caller := api.Caller{Tenant: domain.Tenant(fmt.Sprint("t", i)), Actor: "coach", CommandID: `"quoted"`}
		content := canonjson.MustParse(`{"html":"<b>&\u2028","n":12345678901234567890.5}`)
		receipt, err := api.Remember.Call(t.Context(), d, caller, commands.Remember{Draft: memory.Draft{AgentID: "a b/c", UserID: "ü?&+", Content: content}})
		require.NoError(t, err)
		m, err := api.GetMemory.Call(t.Context(), d, caller, api.GetMemoryRequest{
			MemoryID: api.MemoryID{ID: receipt.ID}, Moment: api.Moment{Minimum: api.Minimum{MinSequenceID: 1}},
		})
		require.NoError(t, err)
		require.JSONEq(t, content.String(), string(m.Content))
		list, err := api.ListMemories.Call(t.Context(), d, caller, api.ListMemoriesRequest{Filter: api.Filter{Owners: api.Owners{AgentID: "a b/c", UserID: "ü?&+"}}})
		require.NoError(t, err)
		require.Equal(t, []queries.Memory{m}, list.Memories)
		events, _, err := w.log.ReadStream(t.Context(), caller.Tenant, receipt.ID, 1, false, 1)
		require.NoError(t, err)
		meta, err := events[0].Meta()
		require.NoError(t, err)
		require.Equal(t, `"quoted"`, meta.CommandID)

		_, err = api.ListMemories.Call(t.Context(), d, caller, api.ListMemoriesRequest{Limit: -1})
		require.Equal(t, domain.Invalid, domain.KindOf(err))
		require.Equal(t, "limit: must be 1 to 1000, got -1", err.Error())
	}
}
