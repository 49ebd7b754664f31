package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
	"github.com/auren-memory/auren/queries/cursor"
)

// object encodes a request.
func object(t testing.TB, members map[string]any) string {
	t.Helper()
	body, err := json.Marshal(members)
	require.NoError(t, err)
	return string(body)
}

// many returns different words.
func many(format string, n int) string {
	var words strings.Builder
	for i := range n {
		fmt.Fprintf(&words, format+" ", i)
	}
	return strings.TrimSpace(words.String())
}

// hostileTexts are what no text may do harm with, as a value.
func hostileTexts() map[string]string {
	return map[string]string{
		"a quote":         `x'; drop table events; --`,
		"a closed string": `' or 1=1 or '`,
		"a parameter":     `$1 $2 ${tenant} %s %[1]d :name ?`,
		"an identifier":   `"; select pg_sleep(10); --`,
		"dollar quotes":   `$$; delete from search_documents; $$`,
		"an escape":       `\'; \" \\ \u0000 \x00 E'\''`,
		"like":            `%_%\%`,
		"a regex":         `(a+)+$ [[:alpha:]]{1,99999} .*(?=x)`,
		"a jsonpath":      `$.** ? (@ like_regex ".*") "x"`,
		"a tsquery":       `a & b | !c <-> d:* :`,
		"a template":      `{{.}} <script>alert(1)</script> %0d%0a`,
		"directions":      "\u202e\u2066abc\u2069\ufeff\ufffe",
		"an array":        `{a,"b",NULL}`,
		"a row":           `(1,"x",)`,
	}
}

func TestSQLInAnyTextIsText(t *testing.T) {
	t.Parallel()
	s := setup(t)
	texts := hostileTexts()
	for _, text := range texts {
		s.remember(t, object(t, map[string]any{
			"agent_id": text, "user_id": text, "memory_type": text, "content": map[string]any{text: text}, "metadata": map[string]any{text: text},
		}))
	}
	min := s.head(t, "default")
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			search := func(more map[string]any) (found int) {
				request := map[string]any{"query": text, "min_sequence_id": min, "limit": 100, "total": true}
				maps.Copy(request, more)
				return len(ok[queries.SearchResult](t, s.send(t, "POST", "/v1/memories/search", object(t, request)), http.StatusOK).Hits)
			}
			require.Positive(t, search(nil), "a memory is found by its own text")
			quoted, _ := json.Marshal(text)
			path := "metadata." + string(quoted)
			for _, more := range []map[string]any{
				{"must": []string{text}}, {"phrase": []string{text}}, {"agent_id": text}, {"user_id": text}, {"agent_ids": []string{text, "x"}}, {"memory_types": []string{text}},
				{"metadata": map[string]any{text: text}}, {"filters": map[string]any{path: text}}, {"filters": map[string]any{path: map[string]any{"icontains": text}}},
				{"filters": map[string]any{path: map[string]any{"starts_with": text}}}, {"filters": map[string]any{path: map[string]any{"in": []string{text}}}},
				{"filters": map[string]any{"OR": []any{map[string]any{"agent_id": text}, map[string]any{"NOT": map[string]any{"user_id": map[string]any{"ne": text}}}}}},
			} {
				require.Positive(t, search(more), "%v", more)
				if filters, ok := more["filters"]; ok {
					answer := s.send(t, "GET", "/v1/memories?filters="+url.QueryEscape(object(t, filters.(map[string]any))), "")
					require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
					answer = s.send(t, "POST", "/v1/memories/forget", object(t, map[string]any{"filters": filters, "dry_run": true}))
					require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
				}
			}
			for _, name := range []string{"agent_id", "user_id", "memory_types"} {
				found := ok[queries.ListResult](t, s.send(t, "GET", "/v1/memories?"+name+"="+url.QueryEscape(text), ""), http.StatusOK)
				require.Len(t, found.Memories, 1, name)
			}
			require.Zero(t, search(map[string]any{"must_not": []string{text}, "agent_id": text}))
			search(map[string]any{"prefix": text, "weights": map[string]any{"importance": 1, "importance_key": text}})
			// Names are refused with what is allowed.
			for _, filters := range []map[string]any{{text: 1}, {"agent_id": map[string]any{text: 1}}} {
				p := problem(t, s.send(t, "POST", "/v1/memories/search", object(t, map[string]any{"query": "x", "filters": filters})), http.StatusUnprocessableEntity)
				require.Len(t, p.Errors, 1)
				require.True(t, strings.HasPrefix(p.Errors[0].Field, "filters."), p.Errors[0].Field)
			}
			for _, p := range []string{"order", "state", "cursor", "as_of"} {
				answer := s.send(t, "POST", "/v1/memories/search", object(t, map[string]any{"query": "x", p: text}))
				require.Equal(t, p, problem(t, answer, http.StatusUnprocessableEntity).Errors[0].Field)
			}
		})
	}
	require.EqualValues(t, min, s.head(t, "default"), "all is still there")
}

// What cannot be meant is refused by the name of the field, whatever its size.
func TestHostileSearchesAreRefusedByField(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.remember(t, coffee)
	nested := func(open, close string, n int) string {
		return strings.Repeat(open, n) + `{"agent_id":"a"}` + strings.Repeat(close, n)
	}
	for name, c := range map[string]struct {
		body, field string
		status      int
	}{
		"AND in AND, 10 levels":      {`{"query":"a","filters":` + nested(`{"AND":[`, `]}`, 10) + `}`, "filters.AND[0].AND[0]", 422},
		"AND in AND, 10,000 levels":  {`{"query":"a","filters":` + nested(`{"AND":[`, `]}`, 10_000) + `}`, "filters.AND[0].AND[0]", 400},
		"NOT in NOT, 10,000 levels":  {`{"query":"a","filters":` + nested(`{"NOT":`, `}`, 10_000) + `}`, "filters.NOT.NOT", 400},
		"a list in lists":            {`{"query":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, "query", 400},
		"10,000 conditions":          {`{"query":"a","filters":{"OR":[` + strings.Repeat(`{"agent_id":"a"},`, 3_000) + `{"agent_id":"a"}]}}`, "filters", 422},
		"filters of 1 MB":            {`{"query":"a","filters":{"agent_id":"` + strings.Repeat("a", 1<<20) + `"}}`, "filters", 422},
		"100,000 values":             {`{"query":"a","filters":{"version":{"in":[` + strings.Repeat("1,", 30_000) + `1]}}}`, "filters.version.in", 422},
		"100,000 agents":             {`{"query":"a","agent_ids":[` + strings.Repeat(`"a",`, 100_000) + `"a"]}`, "agent_ids", 422},
		"a path of 10,000 names":     {`{"query":"a","filters":{"metadata` + strings.Repeat(".a", 10_000) + `":1}}`, "filters.metadata.a", 422},
		"1 MB of query":              {`{"query":"` + strings.Repeat("a", 1<<20) + `"}`, "query", 422},
		"too many must":              {`{"query":"a","must":[` + strings.Repeat(`"a",`, 100_000) + `"a"]}`, "must", 422},
		"a must of thousands":        {object(t, map[string]any{"query": "a", "must": []string{many("word%d", 5_000)}}), "must", 422},
		"a must_not of thousands":    {object(t, map[string]any{"query": "a", "must_not": []string{many("word%d", 5_000)}}), "must_not", 422},
		"a phrase of thousands":      {object(t, map[string]any{"phrase": []string{many("word%d", 5_000)}}), "phrase", 422},
		"a prefix of thousands":      {object(t, map[string]any{"prefix": many("word%d", 5_000)}), "prefix", 422},
		"NUL in the query":           {`{"query":"a\u0000b"}`, "query", 400},
		"NUL in a must":              {`{"query":"a","must":["\u0000"]}`, "must[0]", 400},
		"NUL in a path":              {`{"query":"a","filters":{"metadata.\u0000":1}}`, "filters", 400},
		"NUL in the importance":      {`{"query":"a","weights":{"importance_key":"\u0000"}}`, "weights.importance_key", 400},
		"no UTF-8 in the query":      {"{\"query\":\"\xff\xfe\"}", "query", 400},
		"half a surrogate":           {`{"query":"\ud83d"}`, "query", 400},
		"weight NaN":                 {`{"query":"a","weights":{"recency":NaN}}`, "weights.recency", 400},
		"weight Infinity":            {`{"query":"a","weights":{"recency":Infinity}}`, "weights.recency", 400},
		"weight 1e999":               {`{"query":"a","weights":{"recency":1e999}}`, "weights.recency", 422},
		"weight 1e308":               {`{"query":"a","weights":{"recency":1e308}}`, "weights.recency", 422},
		"weight of 2,000 digits":     {`{"query":"a","weights":{"recency":1e2000}}`, "weights.recency", 400},
		"weight below 0":             {`{"query":"a","weights":{"confidence":-1e-300}}`, "weights.confidence", 422},
		"a half-life of no time":     {`{"query":"a","weights":{"recency":1,"half_life_days":1e-300}}`, "weights.half_life_days", 422},
		"a half-life of ever":        {`{"query":"a","weights":{"recency":1,"half_life_days":1e300}}`, "weights.half_life_days", 422},
		"a score above 1":            {`{"query":"a","min_score":1.0000001}`, "min_score", 422},
		"a limit below 0":            {`{"query":"a","limit":-1}`, "limit", 422},
		"a limit of 64 bits":         {`{"query":"a","limit":9223372036854775807}`, "limit", 422},
		"a limit of more":            {`{"query":"a","limit":9223372036854775808}`, "limit", 422},
		"sequence_id of 64 bits":     {`{"query":"a","as_of":"9223372036854775807"}`, "as_of", 422},
		"sequence_id below 0":        {`{"query":"a","min_sequence_id":-9223372036854775808}`, "min_sequence_id", 422},
		"the year 0":                 {`{"query":"a","as_of":"0000-01-01T00:00:00Z"}`, "as_of", 422},
		"a cursor of 1 MB":           {`{"query":"a","cursor":"` + strings.Repeat("A", 1<<20) + `"}`, "cursor", 422},
		"a name of 1 MB":             {`{"query":"a","` + strings.Repeat("x", 1<<20) + `":1}`, "xxxx", 422},
		"a field of 1 MB in filters": {`{"query":"a","filters":{"` + strings.Repeat("x", 1<<15) + `":1}}`, "filters.xxxx", 422},
	} {
		t.Run(name, func(t *testing.T) {
			p := problem(t, s.send(t, "POST", "/v1/memories/search", c.body), c.status)
			require.Len(t, p.Errors, 1, p.Detail)
			require.True(t, strings.HasPrefix(p.Errors[0].Field, c.field), p.Errors[0].Field)
			require.Less(t, len(p.Detail), 2_000, "an error is not as long as what is wrong")
		})
	}
}

// forge changes the members of a cursor and gives it the right checksum.
func forge(t testing.TB, text string, change func(members map[string]any)) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.NewDecoder(strings.NewReader(string(raw))).Decode(&members))
	change(members)
	return cursor.Encode(members)
}

func TestForgedCursorsAreValuesOrErrors(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for range 5 {
		s.remember(t, coffee)
	}
	searched := ok[queries.SearchResult](t, s.send(t, "POST", "/v1/memories/search", `{"query":"coffee","limit":2,"min_sequence_id":5}`), http.StatusOK)
	listed := ok[queries.ListResult](t, s.send(t, "GET", "/v1/memories?limit=2&min_sequence_id=5", ""), http.StatusOK)
	require.NotEmpty(t, searched.NextCursor)
	require.NotEmpty(t, listed.NextCursor)
	search := func(cursor string) reply {
		return s.send(t, "POST", "/v1/memories/search", object(t, map[string]any{"query": "coffee", "limit": 2, "cursor": cursor}))
	}
	list := func(cursor string) reply { return s.send(t, "GET", "/v1/memories?limit=2&cursor="+cursor, "") }
	require.Equal(t, http.StatusOK, search(searched.NextCursor).status)
	require.Equal(t, http.StatusOK, list(listed.NextCursor).status)
	for text, ask := range map[string]func(string) reply{searched.NextCursor: search, listed.NextCursor: list} {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		for bit := range 8 * len(raw) {
			raw[bit/8] ^= 1 << (bit % 8)
			p := problem(t, ask(base64.RawURLEncoding.EncodeToString(raw)), http.StatusUnprocessableEntity)
			require.Equal(t, "cursor", p.Errors[0].Field)
			raw[bit/8] ^= 1 << (bit % 8)
		}
		for end := range len(text) {
			if end > 0 { // an empty cursor is none
				require.Equal(t, http.StatusUnprocessableEntity, ask(text[:end]).status)
			}
		}
	}
	// Whoever makes a checksum can say anything, and gets at most the same search from another place.
	for name, change := range map[string]func(m map[string]any){
		"far":           func(m map[string]any) { m["r"] = int64(1) << 62 },
		"below 0":       func(m map[string]any) { m["r"] = -1 },
		"a fraction":    func(m map[string]any) { m["r"] = 1.5 },
		"text":          func(m map[string]any) { m["r"] = "1; drop table events" },
		"the beginning": func(m map[string]any) { m["p"] = 0 },
		"the future":    func(m map[string]any) { m["p"] = int64(1) << 62 },
		"no position":   func(m map[string]any) { m["p"] = -5 },
		"an old time":   func(m map[string]any) { m["m"] = "0001-01-01T00:00:00Z" },
		"a far time":    func(m map[string]any) { m["m"] = "9999-12-31T23:59:59.999999999Z" },
		"no time":       func(m map[string]any) { m["m"] = nil },
		"no search":     func(m map[string]any) { m["s"] = nil },
		"another index": func(m map[string]any) { m["i"] = "AAAA" },
	} {
		answer := search(forge(t, searched.NextCursor, change))
		if answer.status != http.StatusOK {
			require.Equal(t, "cursor", problem(t, answer, http.StatusUnprocessableEntity).Errors[0].Field, name)
		}
	}
	for name, change := range map[string]func(m map[string]any){
		"text":     func(m map[string]any) { m["k"] = "'; drop table events; --" },
		"a number": func(m map[string]any) { m["k"] = 1e300 },
		"nothing":  func(m map[string]any) { m["k"] = nil },
		"far":      func(m map[string]any) { m["k"] = "9999-12-31T23:59:59.999999999Z" },
		"no id":    func(m map[string]any) { m["i"] = "x" },
		"no list":  func(m map[string]any) { m["l"] = "" },
	} {
		answer := list(forge(t, listed.NextCursor, change))
		if answer.status != http.StatusOK {
			require.Equal(t, "cursor", problem(t, answer, http.StatusUnprocessableEntity).Errors[0].Field, name)
		}
	}
	require.EqualValues(t, 5, s.head(t, "default"))
}

// No question takes much memory, whatever it asks of however long texts. It runs alone, since it counts what the process allocates.
func TestHostileSearchesTakeBoundedMemory(t *testing.T) {
	s := setup(t)
	var batch []any
	for i := range 1000 {
		batch = append(batch, map[string]any{"agent_id": "a", "user_id": "u", "content": fmt.Sprintf("word%d and some common words of memory number %d", i, i*i)})
	}
	s.send(t, "POST", "/v1/memories/batch", object(t, map[string]any{"memories": batch}))
	s.remember(t, object(t, map[string]any{"agent_id": "a", "user_id": "u", "content": strings.Repeat("a ", 500_000)}))
	search := func(request map[string]any) reply {
		request["min_sequence_id"] = s.head(t, "default")
		return s.send(t, "POST", "/v1/memories/search", object(t, request))
	}
	require.Equal(t, http.StatusOK, search(map[string]any{"query": "word1"}).status)
	repeat := strings.Repeat
	for name, request := range map[string]map[string]any{
		"words of the memories":  {"query": many("word%d", 10_000)},
		"words of none":          {"query": many("xq%dzv", 9_000)},
		"words with typos":       {"query": many("wrod%d", 9_000)},
		"numbers":                {"query": many("%d", 17_000)},
		"32 texts of 200 words":  {"query": "word1", "must_not": slices.Repeat([]string{many("word%d", 200)}, 31)},
		"a phrase of one word":   {"phrase": []string{repeat("a ", 199) + "b"}},
		"16,000 phrases":         {"query": repeat(`"a a" `, 16_000)},
		"a very long phrase":     {"query": `"` + repeat("a ", 49_000) + `b"`},
		"a prefix of one letter": {"prefix": "w"},
		"a very long beginning":  {"prefix": repeat("a", 100_000)},
		"combining marks":        {"query": "a" + repeat("\u0301", 99_999)},
		"combining marks only":   {"query": repeat("\u0301", 100_000)},
		"no spaces":              {"query": repeat("東京", 50_000)},
		"a path":                 {"query": repeat("ab/", 33_000)},
		"one word":               {"query": repeat("x", 100_000)},
		"quotation marks":        {"query": repeat(`"`, 100_000)},
		"joiners":                {"query": repeat("\u200d", 100_000)},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			answer := search(request)
			runtime.ReadMemStats(&after)
			require.Equal(t, http.StatusOK, answer.status, "%.500s", answer.body)
			require.Less(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(400), "MiB allocated in all")
			result := ok[queries.SearchResult](t, answer, http.StatusOK)
			require.Less(t, len(result.Hint), 4_000)
		})
	}
}
