package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

// Whatever is sent, the answer is a problem that names the field as it was written, and nothing is written.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.remember(t, coffee).ID.String()
	one := "/v1/memories/" + id
	with := func(member string) string { return `{"agent_id":"a","user_id":"u","content":1,` + member + `}` }
	long := func(n int) string { return strings.Repeat("x", n) }

	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		field, says        string
	}{
		"no JSON":              {"POST", "/v1/memories", `{"agent_id":`, nil, 400, "agent_id", "no valid JSON"},
		"half a body":          {"POST", "/v1/memories", `{`, nil, 400, "", "the body is no valid JSON: ends too early, at byte 1"},
		"trailing garbage":     {"POST", "/v1/memories", with(`"reason":"r"`) + `x`, nil, 400, "", "more after the end"},
		"two bodies":           {"POST", "/v1/memories", coffee + coffee, nil, 400, "", "more after the end"},
		"a list":               {"POST", "/v1/memories", `[]`, nil, 422, "", "the body is a list"},
		"null":                 {"POST", "/v1/memories", `null`, nil, 422, "", "the body is null"},
		"no body":              {"POST", "/v1/memories", ``, nil, 422, "agent_id", "is missing"},
		"NaN":                  {"POST", "/v1/memories", with(`"confidence":NaN`), nil, 400, "confidence", "no valid JSON"},
		"infinity":             {"POST", "/v1/memories", with(`"confidence":1e999`), nil, 422, "confidence", "too large"},
		"a NUL":                {"POST", "/v1/memories", `{"agent_id":"a","user_id":"u","content":{"a":[0,1,2,"\u0000"]}}`, nil, 400, "content.a[3]", "NUL"},
		"a lone surrogate":     {"POST", "/v1/memories", with(`"reason":"\ud800"`), nil, 400, "reason", "lone surrogate"},
		"invalid UTF-8":        {"POST", "/v1/memories", with("\"reason\":\"\xff\""), nil, 400, "reason", "UTF-8"},
		"a key twice":          {"POST", "/v1/memories", `{"agent_id":"a","agent_id":"b","user_id":"u","content":1}`, nil, 400, "agent_id", "twice"},
		"a key twice, deep":    {"POST", "/v1/memories", `{"agent_id":"a","user_id":"u","content":{"k":{"a":1,"a":2}}}`, nil, 400, "content.k.a", "twice"},
		"too deep":             {"POST", "/v1/memories", `{"agent_id":"a","user_id":"u","content":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`, nil, 400, "", "deeper"},
		"an unknown field":     {"POST", "/v1/memories", with(`"colour":"red"`), nil, 422, "colour", "is unknown; allowed are id, agent_id"},
		"another case":         {"POST", "/v1/memories", `{"Agent_ID":"a","user_id":"u","content":1}`, nil, 422, "Agent_ID", "is unknown"},
		"a number as text":     {"POST", "/v1/memories", with(`"confidence":"0.5"`), nil, 422, "confidence", "is a string; a number is expected"},
		"text as a number":     {"POST", "/v1/memories", `{"agent_id":7,"user_id":"u","content":1}`, nil, 422, "agent_id", "is a number; a string is expected"},
		"null as text":         {"POST", "/v1/memories", `{"agent_id":null,"user_id":"u","content":1}`, nil, 422, "agent_id", "is null; a string is expected"},
		"confidence too high":  {"POST", "/v1/memories", with(`"confidence":1.01`), nil, 422, "confidence", "0 to 1"},
		"confidence negative":  {"POST", "/v1/memories", with(`"confidence":-0.01`), nil, 422, "confidence", "0 to 1"},
		"empty agent":          {"POST", "/v1/memories", `{"agent_id":" ","user_id":"u","content":1}`, nil, 422, "agent_id", "empty"},
		"long agent":           {"POST", "/v1/memories", `{"agent_id":"` + long(101) + `","user_id":"u","content":1}`, nil, 422, "agent_id", "at most 100"},
		"long user":            {"POST", "/v1/memories", `{"agent_id":"a","user_id":"` + long(256) + `","content":1}`, nil, 422, "user_id", "at most 255"},
		"long type":            {"POST", "/v1/memories", with(`"memory_type":"` + long(51) + `"`), nil, 422, "memory_type", "at most 50"},
		"long reason":          {"POST", "/v1/memories", with(`"reason":"` + long(2001) + `"`), nil, 422, "reason", "at most 2000"},
		"no content":           {"POST", "/v1/memories", `{"agent_id":"a","user_id":"u"}`, nil, 422, "content", "is missing"},
		"large content":        {"POST", "/v1/memories", `{"agent_id":"a","user_id":"u","content":"` + long(1<<20) + `"}`, nil, 422, "content", "at most 1048576"},
		"metadata list":        {"POST", "/v1/memories", with(`"metadata":[]`), nil, 422, "metadata", "no JSON object"},
		"metadata too large":   {"POST", "/v1/memories", with(`"metadata":{"a":"` + long(1<<16) + `"}`), nil, 422, "metadata", "at most 65536"},
		"an id that is none":   {"POST", "/v1/memories", with(`"id":"17"`), nil, 422, "id", "is no UUID"},
		"an id in braces":      {"POST", "/v1/memories", with(`"id":"{` + id + `}"`), nil, 422, "id", "is no UUID"},
		"the nil id":           {"POST", "/v1/memories", with(`"id":"00000000-0000-0000-0000-000000000000"`), nil, 422, "id", "nil UUID"},
		"a taken id":           {"POST", "/v1/memories", with(`"id":"` + id + `"`), nil, 409, "", "exists already"},
		"a date that is none":  {"POST", "/v1/memories", with(`"expires_at":"2026-02-30T00:00:00Z"`), nil, 422, "expires_at", "is no time"},
		"a time without zone":  {"POST", "/v1/memories", with(`"occurred_at":"2026-02-03T00:00:00"`), nil, 422, "occurred_at", "is no time"},
		"year zero":            {"POST", "/v1/memories", with(`"occurred_at":"0000-01-01T00:00:00Z"`), nil, 422, "occurred_at", "1 to 9999"},
		"body too large":       {"POST", "/v1/memories", `"` + long(4<<20) + `"`, nil, 413, "", "at most 4194304"},
		"a form":               {"POST", "/v1/memories", `a=b`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "Content-Type", "application/json"},
		"another charset":      {"POST", "/v1/memories", coffee, []string{"Content-Type", "application/json; charset=latin1"}, 415, "Content-Type", "application/json"},
		"two types":            {"POST", "/v1/memories", coffee, []string{"Content-Type", "application/json", "Content-Type", "text/plain"}, 415, "Content-Type", "application/json"},
		"compressed":           {"POST", "/v1/memories", coffee, []string{"Content-Encoding", "gzip"}, 415, "Content-Encoding", "identity"},
		"revise nothing":       {"PATCH", one, `{}`, nil, 422, "", "nothing to revise"},
		"revise to no type":    {"PATCH", one, `{"memory_type":""}`, nil, 422, "memory_type", "empty"},
		"version zero":         {"PATCH", one, `{"content":1,"expected_version":0}`, nil, 422, "expected_version", "is 0; 1 to"},
		"version negative":     {"PATCH", one, `{"content":1,"expected_version":-1}`, nil, 422, "expected_version", "1 to"},
		"version beyond 64":    {"PATCH", one, `{"content":1,"expected_version":99999999999999999999}`, nil, 422, "expected_version", "whole number"},
		"version with decimal": {"PATCH", one, `{"content":1,"expected_version":1.5}`, nil, 422, "expected_version", "whole number"},
		"no confidence":        {"POST", one + "/confidence", `{}`, nil, 422, "confidence", "is missing"},
		"evidence unsaid":      {"POST", one + "/evidence", `{"supports":null}`, nil, 422, "supports", "is null"},
		"evidence too heavy":   {"POST", one + "/evidence", `{"supports":true,"weight":2}`, nil, 422, "weight", "0 to 1"},
		"evidence in words":    {"POST", one + "/evidence", `{"supports":"yes"}`, nil, 422, "supports", "true or false"},
		"expiry in numbers":    {"POST", one + "/expiry", `{"expires_at":1700000000}`, nil, 422, "expires_at", "is a number"},
		"restore what":         {"POST", one + "/restore", `{"what":1}`, nil, 422, "what", "is unknown"},
		"delete with a body":   {"DELETE", one, `{"reason":"x"}`, nil, 400, "", "a body is not expected"},
		"delete what":          {"DELETE", one + "?what=1", ``, nil, 422, "what", "is unknown"},
		"delete long reason":   {"DELETE", one + "?reason=" + long(2001), ``, nil, 422, "reason", "at most 2000"},
		"id of the path":       {"DELETE", "/v1/memories/17", ``, nil, 422, "id", "is no UUID"},
		"id of the path again": {"GET", "/v1/streams/%00/events", ``, nil, 422, "id", "is no UUID"},
		"batch of what":        {"POST", "/v1/memories/batch", `{"memories":{}}`, nil, 422, "memories", "a list is expected"},
		"batch with a NUL":     {"POST", "/v1/memories/batch", `{"memories":[` + coffee + `,{"content":"\u0000"}]}`, nil, 400, "memories[1].content", "NUL"},
		"forget by state":      {"POST", "/v1/memories/forget", `{"all":true,"state":"all"}`, nil, 422, "state", "is unknown"},
		"forget by a list":     {"POST", "/v1/memories/forget", `{"metadata":[]}`, nil, 422, "metadata", "object"},
		"forget types":         {"POST", "/v1/memories/forget", `{"memory_types":["a",7]}`, nil, 422, "memory_types[1]", "a string is expected"},
		"forget a range":       {"POST", "/v1/memories/forget", `{"min_confidence":0.8,"max_confidence":0.2}`, nil, 422, "min_confidence", "at most max_confidence"},
		"forget no user":       {"POST", "/v1/memories/forget", `{"agent_id":"coach","user_id":""}`, nil, 422, "user_id", "is empty; leave it out, or give 1 to 255 characters"},
		"forget no agent":      {"POST", "/v1/memories/forget", `{"agent_id":" ","user_id":"ana"}`, nil, 422, "agent_id", "is empty; leave it out, or give 1 to 100 characters"},
		"forget no types":      {"POST", "/v1/memories/forget", `{"user_id":"ana","memory_types":[]}`, nil, 422, "memory_types", "is empty; leave it out, or give 1 to 100 of them"},
		"forget an empty type": {"POST", "/v1/memories/forget", `{"user_id":"ana","memory_types":[""]}`, nil, 422, "memory_types", "empty"},
		"forget all of none":   {"POST", "/v1/memories/forget", `{"all":true,"user_id":""}`, nil, 422, "user_id", "is empty"},

		"unknown parameter":   {"GET", "/v1/memories?agent=a", ``, nil, 422, "agent", "is unknown; allowed are agent_id"},
		"parameter twice":     {"GET", "/v1/memories?agent_id=a&agent_id=b", ``, nil, 422, "agent_id", "is given 2 times"},
		"limit of none":       {"GET", "/v1/memories?limit=0", ``, nil, 422, "limit", "1 to 1000"},
		"limit too high":      {"GET", "/v1/memories?limit=1001", ``, nil, 422, "limit", "1 to 1000"},
		"limit in words":      {"GET", "/v1/memories?limit=ten", ``, nil, 422, "limit", "a whole number"},
		"limit empty":         {"GET", "/v1/memories?limit=", ``, nil, 422, "limit", "a whole number"},
		"order unknown":       {"GET", "/v1/memories?order=size", ``, nil, 422, "order", "created, updated, recorded or confidence"},
		"state unknown":       {"GET", "/v1/memories?state=gone", ``, nil, 422, "state", "forgotten"},
		"user empty":          {"GET", "/v1/memories?user_id=", ``, nil, 422, "user_id", "is empty; leave it out, or give 1 to 255 characters"},
		"agent empty":         {"GET", "/v1/memories?agent_id=%20", ``, nil, 422, "agent_id", "is empty; leave it out, or give 1 to 100 characters"},
		"type empty":          {"GET", "/v1/memories?memory_types=", ``, nil, 422, "memory_types", "empty"},
		"state empty":         {"GET", "/v1/memories?state=", ``, nil, 422, "state", "is empty; leave it out, or give one of active, forgotten, expired, all"},
		"order empty":         {"GET", "/v1/memories?order=", ``, nil, 422, "order", "is empty"},
		"as of empty":         {"GET", one + "?as_of=", ``, nil, 422, "as_of", "is empty; leave it out, or give 1 character or more"},
		"recent user empty":   {"GET", "/v1/memories/recent?user_id=", ``, nil, 422, "user_id", "is empty"},
		"stats agent empty":   {"GET", "/v1/stats?agent_id=", ``, nil, 422, "agent_id", "is empty"},
		"a cursor of nothing": {"GET", "/v1/memories?cursor=abc", ``, nil, 422, "cursor", "next_cursor"},
		"a cursor of bytes":   {"GET", "/v1/memories?cursor=%ff%fe", ``, nil, 422, "cursor", "UTF-8"},
		"a NUL in a filter":   {"GET", "/v1/memories?agent_id=%00", ``, nil, 422, "agent_id", "NUL"},
		"confidence in words": {"GET", "/v1/memories?min_confidence=high", ``, nil, 422, "min_confidence", "a number"},
		"confidence NaN":      {"GET", "/v1/memories?min_confidence=NaN", ``, nil, 422, "min_confidence", "a number"},
		"as of nonsense":      {"GET", one + "?as_of=yesterday", ``, nil, 422, "as_of", "neither"},
		"as of zero":          {"GET", one + "?as_of=0", ``, nil, 422, "as_of", "neither"},
		"minimum negative":    {"GET", one + "?min_sequence_id=-1", ``, nil, 422, "min_sequence_id", "at least 0"},
		"query with ;":        {"GET", "/v1/memories?a=1;b=2", ``, nil, 400, "", "query of the URL"},
		"a body to GET":       {"GET", "/v1/stats", `{}`, nil, 400, "", "a body is not expected"},
		"search nothing":      {"POST", "/v1/memories/search", `{}`, nil, 422, "query", "is missing"},
		"search no words":     {"POST", "/v1/memories/search", `{"query":" "}`, nil, 422, "query", ""},
		"search in filters":   {"POST", "/v1/memories/search", `{"query":"a","filters":{"metadata":7}}`, nil, 422, "filters.metadata", "object"},
		"search unknown":      {"POST", "/v1/memories/search", `{"query":"a","filters":{"colour":1}}`, nil, 422, "filters.colour", "is unknown"},
		"search no user":      {"POST", "/v1/memories/search", `{"query":"a","user_id":""}`, nil, 422, "user_id", "is empty; leave it out, or give 1 to 255 characters"},
		"search no agent":     {"POST", "/v1/memories/search", `{"query":"a","agent_id":""}`, nil, 422, "agent_id", "is empty"},
		"search no types":     {"POST", "/v1/memories/search", `{"query":"a","memory_types":[]}`, nil, 422, "memory_types", "is empty"},
		"search limit":        {"POST", "/v1/memories/search", `{"query":"a","limit":101}`, nil, 422, "limit", "1 to 100"},
		"recent days":         {"GET", "/v1/memories/recent?days=0", ``, nil, 422, "days", "1 to 36525"},
		"history limit":       {"GET", one + "/history?limit=-5", ``, nil, 422, "limit", "1 to 1000"},
		"stream from zero":    {"GET", "/v1/streams/" + id + "/events?from=0", ``, nil, 422, "from", "1 to"},
		"log after text":      {"GET", "/v1/events?after=x", ``, nil, 422, "after", "a whole number"},
		"log user empty":      {"GET", "/v1/events?user_id=", ``, nil, 422, "user_id", "is empty; leave it out, or give 1 to 255 characters"},
		"log work empty":      {"GET", "/v1/events?correlation_id=", ``, nil, 422, "correlation_id", "is empty"},
		"log type empty":      {"GET", "/v1/events?event_type=", ``, nil, 422, "event_type", "allowed are memory_remembered"},
		"feed agent empty":    {"GET", "/v1/events/live?until=1&after=0&agent_id=", ``, nil, 422, "agent_id", "is empty"},
		"direction empty":     {"GET", "/v1/streams/" + id + "/events?direction=", ``, nil, 422, "direction", "is empty; leave it out, or give one of forwards, backwards"},
		"version of what":     {"GET", "/version?x=1", ``, nil, 422, "x", "nothing is allowed"},

		"tenant":               {"POST", "/v1/memories", coffee, []string{"Auren-Tenant", "A b"}, 400, "Auren-Tenant", "no tenant name"},
		"tenant twice":         {"POST", "/v1/memories", coffee, []string{"Auren-Tenant", "a", "Auren-Tenant", "b"}, 400, "Auren-Tenant", "is given 2 times"},
		"actor too long":       {"POST", "/v1/memories", coffee, []string{"Auren-Actor", long(256)}, 400, "Auren-Actor", "at most 255"},
		"actor not UTF-8":      {"POST", "/v1/memories", coffee, []string{"Auren-Actor", "caf\xe9"}, 400, "Auren-Actor", "UTF-8"},
		"key with a space":     {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", "a b"}, 400, "Idempotency-Key", "space"},
		"key too long":         {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", long(256)}, 400, "Idempotency-Key", "1 to 255"},
		"key empty":            {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", ""}, 400, "Idempotency-Key", "empty"},
		"key of quotes":        {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", `""`}, 400, "Idempotency-Key", "quote"},
		"key half quoted":      {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", `"a`}, 400, "Idempotency-Key", "quote"},
		"correlation too long": {"POST", "/v1/memories", coffee, []string{"X-Correlation-ID", long(256)}, 400, "X-Correlation-Id", "at most 255"},
	} {
		t.Run(name, func(t *testing.T) {
			p := problem(t, s.send(t, c.method, c.path, c.body, c.headers...), c.status)
			if c.field != "" {
				require.Len(t, p.Errors, 1, p.Detail)
				require.Equal(t, c.field, p.Errors[0].Field)
				require.Contains(t, p.Errors[0].Message, c.says)
			}
			require.Contains(t, p.Detail, c.says)
		})
	}
	require.EqualValues(t, 1, s.head(t, "default"))
}

// Any legal JSON within the bounds comes back equal.
func TestContentComesBackEqual(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, content := range map[string]string{
		"null": `null`, "false": `false`, "empty": `""`, "exact": `0.1000000000000000055511151231257827`,
		"large number": `123456789012345678901234567890`, "emoji": `"👩‍👩‍👧 \ud83d\ude00"`, "controls": `"\u0001\u001f\u007f\u2028"`,
		"empty key": `{"":{"":[]}}`, "html": `"<script>&amp;</script>"`, "deep": strings.Repeat("[", 400) + strings.Repeat("]", 400),
		"1 MiB": `"` + strings.Repeat("é", (1<<20-2)/2) + `"`, "escaped": `"` + strings.Repeat(`\u00e9`, 1<<18) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			r := s.remember(t, `{"agent_id":"a","user_id":"u","content":`+content+`}`)
			answer := s.send(t, "GET", fmt.Sprintf("/v1/memories/%s?min_sequence_id=%d", r.ID, r.SequenceID), "")
			require.JSONEq(t, content, string(ok[queries.Memory](t, answer, http.StatusOK).Content))
		})
	}
}

func TestAnUnknownIDIsNotFoundEverywhere(t *testing.T) {
	t.Parallel()
	s := setup(t)
	one := "/v1/memories/" + uuid.NewString()
	for _, r := range [][3]string{
		{"GET", one, ""}, {"GET", one + "/history", ""}, {"DELETE", one, ""}, {"PATCH", one, `{"content":1}`},
		{"POST", one + "/confidence", `{"confidence":1}`}, {"POST", one + "/evidence", `{"supports":true}`},
		{"POST", one + "/expiry", `{"expires_at":null}`}, {"POST", one + "/restore", ""},
	} {
		require.Equal(t, "urn:auren:problem:not-found", problem(t, s.send(t, r[0], r[1], r[2]), 404).Type)
	}
}
