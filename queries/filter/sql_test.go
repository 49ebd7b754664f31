package filter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/queries/filter"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// moment is when memories expire or do not.
var moment = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

// told is a memory as JSON has it, but for content, which is a text.
type told map[string]any

// memories inserts memories and returns a function that finds the numbers, which are the versions, of those that match.
func memories(t *testing.T, all []told) func(filters string) ([]int, error) {
	t.Helper()
	pool := pgtest.New(t)
	for i, m := range all {
		content, err := json.Marshal(m["content"])
		require.NoError(t, err)
		metadata, err := json.Marshal(m["metadata"])
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), `
insert into agent_memories (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state, expires_at,
       created_at, updated_at, version, sequence_id, recorded_at, valid_from, valid_to, event_type, actor, reason)
values ('default', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '', '', '')`,
			m["id"], m["agent_id"], m["user_id"], m["memory_type"], content, m["confidence"], metadata, m["state"], m["expires_at"],
			m["created_at"], m["updated_at"], i, i+1<<40, m["recorded_at"], m["valid_from"], m["valid_to"])
		require.NoError(t, err)
	}
	return func(filters string) ([]int, error) {
		return find(t, pool, filter.Filter{Filters: json.RawMessage(filters), State: filter.All})
	}
}

func find(t *testing.T, pool *pgxpool.Pool, f filter.Filter) ([]int, error) {
	t.Helper()
	where, err := f.Check()
	if err != nil {
		return nil, err
	}
	args := filter.Args{"default"}
	sql := "select version from agent_memories where tenant_id = $1" + where.SQL(filter.Memories, moment, &args).And() + " order by version"
	rows, err := pool.Query(t.Context(), sql, args...)
	require.NoError(t, err, sql)
	found, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(t, err, sql)
	return found, nil
}

// some returns a memory, of the n-th of each value.
func some(n int, changes ...func(told)) told {
	pick := func(values ...string) string { return values[n%len(values)] }
	m := told{
		"id": uuid.NewSHA1(uuid.Nil, []byte(strconv.Itoa(n))).String(), "agent_id": pick("ada", "Ada", "bob", "añil"), "user_id": pick("uma", "ulf", `a"b'c\d%_`),
		"memory_type": pick("fact", "preference"), "content": pick("Ana drinks TEA", "ÄPFEL", `50% of a_b\c`, "' or true --", ""),
		"confidence": []float64{0, 0.3, 0.5, 1}[n%4], "state": pick("active", "forgotten", "expired", "active"),
		"created_at": moment.Add(time.Duration(n%5) * time.Second), "updated_at": moment.Add(time.Duration(n%7) * time.Microsecond),
		"recorded_at": moment.Add(time.Duration(n%3) * time.Hour), "expires_at": []any{nil, moment, moment.Add(time.Microsecond)}[n%3],
		"valid_from": []any{nil, nil, moment}[n%3], "valid_to": []any{nil, moment, nil, moment.Add(time.Hour)}[n%4],
		"metadata": map[string]any{},
	}
	for _, change := range changes {
		change(m)
	}
	return m
}

// accepted are filters, and the numbers of the memories of TestOperators that they find.
var accepted = map[string][]int{
	`{}`:                                   {0, 1, 2, 3},
	`{"agent_id": "ada"}`:                  {0},
	`{"agent_id": {"eq": "ada"}}`:          {0},
	`{"agent_id": {"ne": "ada"}}`:          {1, 2, 3},
	`{"agent_id": {"in": ["ada", "bob"]}}`: {0, 2},
	`{"agent_ids": ["ada", "bob"]}`:        {0, 2},
	`{"agent_id": {"nin": ["ada"]}}`:       {1, 2, 3},
	`{"agent_id": {"gt": "Ada"}}`:          {0, 2, 3},
	`{"agent_id": {"lte": "ada"}}`:         {0, 1},
	`{"agent_id": {"contains": "da"}}`:     {0, 1},
	`{"agent_id": {"icontains": "AD"}}`:    {0, 1},
	`{"agent_id": {"icontains": "Ñ"}}`:     {3},
	`{"agent_id": {"starts_with": "A"}}`:   {1},
	`{"agent_id": {"exists": true}}`:       {0, 1, 2, 3},
	`{"user_id": "a\"b'c\\d%_"}`:           {2},
	`{"user_id": {"contains": "%"}}`:       {2},

	`{"content": {"contains": "TEA"}}`:           {0},
	`{"content": {"icontains": "tea"}}`:          {0},
	`{"content": {"icontains": "äpf"}}`:          {1},
	`{"content": {"starts_with": "50%"}}`:        {2},
	`{"content": {"exists": false}}`:             {3},
	`{"content": null}`:                          {3},
	`{"content": {"ne": "ÄPFEL"}}`:               {0, 2, 3},
	`{"content": {"in": ["ÄPFEL", null]}}`:       {1, 3},
	`{"NOT": {"content": {"contains": "TEA"}}}`:  {1, 2, 3},
	`{"NOT": {"content": {"gt": "A"}}}`:          {2, 3},
	`{"confidence": 0.3}`:                        {1},
	`{"confidence": {"gte": 0.3, "lt": 1}}`:      {1, 2},
	`{"NOT": {"confidence": {"lt": 0.5}}}`:       {2, 3},
	`{"min_confidence": 0.5}`:                    {2, 3},
	`{"version": {"in": [1, 3]}}`:                {1, 3},
	`{"version": {"lt": 99999999999}}`:           {0, 1, 2, 3},
	`{"sequence_id": {"gt": 1099511627777}}`:     {2, 3},
	`{"state": "active"}`:                        {0, 3},
	`{"state": {"in": ["forgotten", "active"]}}`: {0, 1, 3},
	`{"state": {"ne": "active"}}`:                {1, 2},
	`{"state": "expired"}`:                       {2},
	`{"NOT": {"state": "expired"}}`:              {0, 1, 3},
	`{"id": "` + some(2)["id"].(string) + `"}`:   {2},

	`{"created_at": "2026-01-02T01:00:01+01:00"}`:             {1},
	`{"created_at": {"gt": "2026-01-02T00:00:01Z"}}`:          {2, 3},
	`{"created_after": "2026-01-02T00:00:02Z"}`:               {2, 3},
	`{"updated_at": "2026-01-02T00:00:00.000001999Z"}`:        {1},
	`{"recorded_at": {"in": ["2026-01-02T01:00:00Z"]}}`:       {1},
	`{"expires_at": null}`:                                    {0, 3},
	`{"expires_at": {"exists": true}}`:                        {1, 2},
	`{"expires_at": {"ne": "2026-01-02T00:00:00Z"}}`:          {0, 2, 3},
	`{"expires_at": {"nin": ["2026-01-02T00:00:00Z"]}}`:       {0, 2, 3},
	`{"expires_before": "2026-01-02T00:00:01Z"}`:              {1, 2},
	`{"NOT": {"expires_at": {"lt": "2026-02-02T00:00:01Z"}}}`: {0, 3},

	`{"valid_from": null}`:                                                         {0, 1, 3},
	`{"valid_to": {"lte": "2026-01-02T00:00:00Z"}}`:                                {1},
	`{"valid_at": "2026-01-01T23:59:59.999999Z"}`:                                  {0, 1, 3},
	`{"valid_at": {"eq": "2026-01-02T01:00:00+01:00"}}`:                            {0, 2, 3},
	`{"valid_at": {"ne": "2026-01-02T00:00:00Z"}}`:                                 {1},
	`{"valid_at": "2026-01-02T01:00:00Z"}`:                                         {0, 2},
	`{"NOT": {"valid_at": "2026-01-02T01:00:00Z"}}`:                                {1, 3},
	`{"OR": [{"valid_at": "2026-01-02T01:00:00Z", "version": 2}, {"version": 1}]}`: {1, 2},

	`{"metadata": {"topic": "sleep"}}`:                       {0},
	`{"metadata": {"contains": {"deep": {"x": [{}]}}}}`:      {0},
	`{"metadata": {"eq": {}}}`:                               {3},
	`{"metadata": {"ne": {}}}`:                               {0, 1, 2},
	`{"metadata.topic": "sleep"}`:                            {0},
	`{"metadata.topic": {"ne": "sleep"}}`:                    {1, 2, 3},
	`{"metadata.topic": {"nin": ["sleep", 7]}}`:              {1, 2, 3},
	`{"metadata.topic": null}`:                               {2, 3},
	`{"metadata.topic": {"in": [null, "sleep"]}}`:            {0, 2, 3},
	`{"metadata.topic": {"exists": true}}`:                   {0, 1},
	`{"metadata.topic": {"exists": false}}`:                  {2, 3},
	`{"metadata.topic": {"contains": "leep"}}`:               {0, 1},
	`{"metadata.topic": {"icontains": "SLEEP"}}`:             {0, 1},
	`{"metadata.topic": {"starts_with": "S"}}`:               {1},
	`{"metadata.topic": {"gt": "T"}}`:                        {0},
	`{"metadata.n": 1}`:                                      {0},
	`{"metadata.n": "1"}`:                                    {2},
	`{"metadata.n": {"in": [1, "1", 10.00]}}`:                {0, 1, 2},
	`{"metadata.n": {"gt": 9}}`:                              {1},
	`{"metadata.n": {"lt": 9.5}}`:                            {0},
	`{"metadata.n": {"lt": 1e300}}`:                          {0, 1},
	`{"metadata.n": {"lt": "9"}}`:                            {2},
	`{"metadata.tags": {"contains": "a"}}`:                   {0},
	`{"metadata.tags": {"contains": ["B", "a"]}}`:            {0},
	`{"metadata.tags": []}`:                                  {1},
	`{"metadata.tags": ["a", "B"]}`:                          {0},
	`{"metadata.tags.0": "a"}`:                               {0},
	`{"metadata.tags.-1": "B"}`:                              {0},
	`{"metadata.deep": {"contains": {"x": []}}}`:             {0},
	`{"metadata.deep.x.0.y": true}`:                          {0},
	`{"metadata.\"a.b\"": 1}`:                                {2},
	`{"metadata.\"\"": 2}`:                                   {2},
	`{"metadata.\"\\\"\"": 3}`:                               {2},
	`{"metadata.at": "2026-01-01T00:00:00Z"}`:                {0},
	`{"metadata.at": {"in": ["2026-01-01T00:00:00Z", "x"]}}`: {0},
	`{"metadata.at": {"gte": "2026-01-01T00:00:00Z"}}`:       {0, 1},
	`{"metadata.at": "2026-01-02T00:00:00.1234569Z"}`:        {1},
	`{"metadata.at": "2026-02-30T00:00:00Z"}`:                {2},
	`{"metadata.at": {"lt": "2027"}}`:                        {0, 1, 2},

	`{"OR": [{"version": 0}, {"version": 3, "state": "active"}, {"AND": [{"version": 1}, {"confidence": 0.3}]}]}`: {0, 1, 3},
	`{"NOT": {"OR": [{"version": 0}, {"metadata.topic": {"contains": "S"}}]}}`:                                    {2, 3},
	`{"NOT": {"NOT": {"version": 0}}}`:              {0},
	`{"NOT": {"version": 0, "state": "forgotten"}}`: {0, 1, 2, 3},
	`{"AND": [{"memory_type": {"in": ["fact"]}}, {"metadata.topic": {"eq": "sleep"}}, {"NOT": {"confidence": {"lt": 0.0}}}]}`: {0},
}

func TestOperators(t *testing.T) {
	t.Parallel()
	with := func(metadata string) func(told) {
		return func(m told) { m["metadata"] = json.RawMessage(metadata) }
	}
	find := memories(t, []told{
		some(0, with(`{"topic": "sleep", "n": 1.0, "tags": ["a", "B"], "at": "2026-01-01T01:00:00+01:00", "deep": {"x": [{"y": true}]}}`)),
		some(1, with(`{"topic": "Sleeping", "n": 10, "tags": [], "at": "2026-01-02T00:00:00.1234567Z"}`)),
		some(2, with(`{"topic": null, "n": "1", "at": "2026-02-30T00:00:00Z", "a.b": 1, "": 2, "\"": 3}`)),
		some(3, func(m told) { m["content"] = nil }),
	})
	for filters, want := range accepted {
		got, err := find(filters)
		require.NoError(t, err, filters)
		require.Equal(t, want, got, filters)
	}
}

func nested(n int) string {
	return strings.Repeat(`{"NOT":`, n) + `{"version":1}` + strings.Repeat(`}`, n)
}

// refused are filters, and what their errors say.
var refused = map[string]string{
	`{"topic": 1}`:                             "filters.topic: is unknown: it must be one of AND, OR, NOT, id, agent_id",
	`{"agent_id; drop table x": "a"}`:          "filters.agent_id; drop table x: is unknown",
	`{"metadatax": 1}`:                         "filters.metadatax: is unknown",
	`{"and": []}`:                              "filters.and: is unknown",
	`{"` + strings.Repeat("x", 5000) + `": 1}`: "filters." + strings.Repeat("x", 100) + "…: is unknown",
	`[]`:                                                  "filters: must be an object",
	`"x"`:                                                 "filters: must be an object",
	`{"a":`:                                               "filters.a: ",
	`{"AND": {}}`:                                         "filters.AND: must be a list of at least one object, got an object",
	`{"OR": []}`:                                          "filters.OR: must be a list of at least one object",
	`{"OR": [{}]}`:                                        "filters.OR[0]: must hold at least one condition",
	`{"OR": [{"version": 1}, 7]}`:                         `filters.OR[1]: must be an object, e.g. {"memory_type": "fact"}, got 7`,
	`{"NOT": []}`:                                         "filters.NOT: must be an object",
	`{"NOT": {}}`:                                         "filters.NOT: must hold at least one condition",
	`{"agent_id": {}}`:                                    "filters.agent_id: must hold an operator: eq, ne,",
	`{"agent_id": {"like": "a"}}`:                         "filters.agent_id.like: is not an operator here: it must be one of eq, ne, gt",
	`{"agent_id": {"= any(x) or": "a"}}`:                  "filters.agent_id.= any(x) or: is not an operator here",
	`{"agent_id": 7}`:                                     "filters.agent_id: must be a text, got 7",
	`{"agent_id": null}`:                                  "filters.agent_id: must be a text, got null",
	`{"agent_id": ""}`:                                    "filters.agent_id: must be 1 to 100 characters, got 0",
	`{"agent_id": {"in": []}}`:                            "filters.agent_id.in: must be a list of 1 to 1000 values, got a list of 0",
	`{"agent_id": {"in": "a"}}`:                           `filters.agent_id.in: must be a list of 1 to 1000 values, got "a"`,
	`{"agent_id": {"in": ["a", 1]}}`:                      "filters.agent_id.in[1]: must be a text, got 1",
	`{"agent_id": {"exists": 1}}`:                         "filters.agent_id.exists: must be true or false, got 1",
	`{"confidence": {"gt": "0.5"}}`:                       `filters.confidence.gt: must be a number from 0 to 1, got "0.5"`,
	`{"confidence": {"gt": 7}}`:                           "filters.confidence.gt: must be between 0 and 1, got 7",
	`{"confidence": {"contains": 1}}`:                     "filters.confidence.contains: is not an operator here: it must be one of eq, ne, gt, gte, lt, lte, in, nin, exists",
	`{"version": 1.5}`:                                    "filters.version: must be a whole number",
	`{"sequence_id": 9223372036854775808}`:                "filters.sequence_id: must be a whole number",
	`{"state": "all"}`:                                    `filters.state: must be active, forgotten or expired, got "all"`,
	`{"state": {"gt": "active"}}`:                         "filters.state.gt: is not an operator here",
	`{"valid_at": null}`:                                  "filters.valid_at: must be an RFC 3339 time, e.g. 2026-01-31T15:04:05Z, got null",
	`{"valid_at": {"gt": "2026-01-01T00:00:00Z"}}`:        "filters.valid_at.gt: is not an operator here: it must be one of eq, ne",
	`{"created_at": "yesterday"}`:                         `filters.created_at: must be an RFC 3339 time, e.g. 2026-01-31T15:04:05Z, got "yesterday"`,
	`{"created_at": "2026-01-01T00:00:00,5Z"}`:            "filters.created_at: must be an RFC 3339 time",
	`{"created_after": 7}`:                                "filters.created_after: must be an RFC 3339 time",
	`{"id": "7"}`:                                         "filters.id: must be a UUID",
	`{"expires_at": {"gt": null}}`:                        "filters.expires_at.gt: must be an RFC 3339 time, e.g. 2026-01-31T15:04:05Z, got null",
	`{"content": {"contains": null}}`:                     "filters.content.contains: must be a text, got null",
	`{"metadata.a": {"lte": null}}`:                       "filters.metadata.a.lte: must be a number or a text, got null",
	`{"metadata": 7}`:                                     "filters.metadata: must be a JSON object",
	`{"metadata": {"eq": 5}}`:                             "filters.metadata.eq: must be a JSON object",
	`{"metadata": {}}`:                                    "filters.metadata: must hold an operator: eq, ne, contains",
	`{"metadata.": 1}`:                                    "must have a name after each dot of the path",
	`{"metadata.a..b": 1}`:                                "must have a name after each dot of the path",
	`{"metadata.\"a": 1}`:                                 "must end a name of the path that begins with a quotation mark",
	`{"metadata.\"a\"b": 1}`:                              "must have a dot before each name of the path",
	`{"metadata.` + strings.Repeat("a.", 16) + `a": 1}`:   "must be a path of at most 16 names",
	`{"metadata.` + strings.Repeat("a", 257) + `": 1}`:    "must be at most 256 characters",
	`{"metadata.a": {"turn": 3}}`:                         "filters.metadata.a.turn: is not an operator here",
	`{"metadata.a": {"gt": true}}`:                        "filters.metadata.a.gt: must be a number or a text, got true",
	`{"metadata.a": {"starts_with": 1}}`:                  "filters.metadata.a.starts_with: must be a text, got 1",
	`{"metadata.a": {"in": {"a": 1}}}`:                    "filters.metadata.a.in: must be a list of 1 to 1000 values, got an object",
	`{"metadata.a": "` + strings.Repeat("a", 4097) + `"}`: "filters.metadata.a: must be at most 4096 characters",
	`{"content": {"contains": "` + strings.Repeat("a", 4097) + `"}}`:         "filters.content.contains: must be at most 4096 characters",
	`{"metadata.a": {"in": [` + strings.Repeat("1,", 1000) + `1]}}`:          "got a list of 1001",
	`{"OR": [` + strings.Repeat(`{"version": 1},`, 100) + `{"version": 1}]}`: "filters.OR[100].version: must be one of at most 100 conditions",
	`{"metadata.a": {"eq": {"a":"` + strings.Repeat("a", 65536) + `"}}}`:     "filters: must be at most 65536 bytes",
	nested(10):                 "must be nested at most 10 deep",
	nested(100_000):            "filters.",
	`{"metadata.a": "\u0000"}`: "filters.metadata.a: must not contain a NUL",
}

func TestFiltersAreRefusedWithWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for filters, want := range refused {
		_, err := filter.Filter{Filters: json.RawMessage(filters)}.Check()
		require.ErrorContains(t, err, want, filters)
		require.Less(t, len(err.Error()), 3000, want)
	}
	_, err := filter.Filter{Filters: json.RawMessage(nested(9))}.Check()
	require.NoError(t, err)
}

// The values that random filters and memories are made of: few, so that they meet.
var (
	scalars = []string{`"sleep"`, `"Sleep"`, `"le"`, `""`, `"a\\'\"%_"`, `"1"`, `0`, `1`, `-2.5`, `1e400`, `true`, `false`, `null`, `"2026-01-01T00:00:00Z"`,
		`"2026-01-01T01:00:00+01:00"`, `"2025-12-31T23:59:59.9999999Z"`, `"2026-02-30T00:00:00Z"`, `"2024-02-29T00:00:00Z"`, `"2023-02-29T00:00:00Z"`, `"2026-01-01T24:00:00Z"`}
	values = append([]string{`[]`, `{}`, `["sleep", 1]`, `[1, [2]]`, `[{"a": 1, "b": null}]`, `{"a": 1, "b": ["sleep"]}`, `{"a": {"a": 1}}`}, scalars...)
	paths  = []string{"topic", "n", `"a.b"`, "a", "a.b", "a.0", "a.-1", "a.a.a", "b.1", "b.0.b"}
	keys   = []string{"topic", "n", "a.b", "a", "b"}
)

var operators = map[string][]string{
	"text":   {"eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "icontains", "starts_with", "exists"},
	"number": {"eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "exists"},
	"state":  {"eq", "ne", "in", "nin", "exists"},
}

var fieldsOf = map[string]struct {
	operators string
	values    []string
}{
	"agent_id": {"text", []string{`"ada"`, `"Ada"`, `"d"`, `"añil"`}}, "user_id": {"text", []string{`"uma"`, `"a\"b'c\\d%_"`, `"%"`}},
	"memory_type": {"text", []string{`"fact"`, `"pref"`}}, "content": {"text", []string{`"Ana"`, `"tea"`, `"äPFEL"`, `"' or true --"`, `""`}},
	"confidence": {"number", []string{`0`, `0.3`, `0.30`, `0.31`, `1`}}, "version": {"number", []string{`1`, `20`, `1e1`}},
	"state": {"state", []string{`"active"`, `"forgotten"`, `"expired"`}}, "expires_at": {"number", []string{`"2026-01-02T00:00:00Z"`, `"2026-01-02T01:00:00.000001+01:00"`, `"2030-01-01T00:00:00Z"`}},
	"created_at": {"number", []string{`"2026-01-02T00:00:01Z"`, `"2026-01-01T23:00:03.0000009-01:00"`}},
}

// filterOf draws a filter.
func filterOf(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if depth > 0 {
			switch rapid.IntRange(0, 5).Draw(t, "shape") {
			case 0, 1:
				name := rapid.SampledFrom([]string{"AND", "OR"}).Draw(t, "group")
				return `{"` + name + `": [` + strings.Join(rapid.SliceOfN(filterOf(depth-1), 1, 3).Draw(t, "members"), ",") + `]}`
			case 2:
				return `{"NOT": ` + filterOf(depth-1).Draw(t, "negated") + `}`
			}
		}
		field, allowed, from := "", operators["text"], values
		if rapid.Bool().Draw(t, "in metadata") {
			field = "metadata." + rapid.SampledFrom(paths).Draw(t, "path")
		} else {
			field = rapid.SampledFrom(slices.Sorted(maps.Keys(fieldsOf))).Draw(t, "field")
			allowed, from = operators[fieldsOf[field].operators], fieldsOf[field].values
		}
		operator := rapid.SampledFrom(allowed).Draw(t, "operator")
		operand := rapid.SampledFrom(from).Draw(t, "operand")
		switch operator {
		case "in", "nin":
			operand = `[` + strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 1, 3).Draw(t, "operands"), ",") + `]`
		case "exists":
			operand = rapid.SampledFrom([]string{"true", "false"}).Draw(t, "exists")
		}
		name, _ := json.Marshal(field)
		return fmt.Sprintf(`{%s: {"%s": %s}}`, name, operator, operand)
	})
}

func TestSQLAndMeaningAgree(t *testing.T) {
	t.Parallel()
	random := rapid.Custom(func(t *rapid.T) map[string]any {
		metadata := map[string]any{}
		for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom(keys), rapid.ID[string]).Draw(t, "keys") {
			metadata[key] = parse(rapid.SampledFrom(values).Draw(t, "value"))
		}
		return metadata
	})
	var all []told
	for i := range 200 {
		all = append(all, some(i, func(m told) {
			m["metadata"] = random.Example(i)
			if i%11 == 0 {
				m["content"] = nil
			}
		}))
	}
	find := memories(t, all)
	meant := 0
	rapid.Check(t, func(t *rapid.T) {
		filters := filterOf(4).Draw(t, "filters")
		got, err := find(filters)
		if err != nil { // such as {"gt": true}
			t.Skip(err)
		}
		want := []int{}
		for i, m := range all {
			m["version"] = json.Number(strconv.Itoa(i))
			if holds(parse(filters).(map[string]any), m) {
				want = append(want, i)
			}
		}
		if len(want) > 0 && len(want) < len(all) {
			meant++
		}
		if !slices.Equal(want, append([]int{}, got...)) {
			t.Fatalf("%s: want %v, got %v", filters, want, got)
		}
	})
	require.Greater(t, meant, 2, "filters that tell memories apart")
}

func parse(text string) (value any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		panic(err)
	}
	return value
}

// holds is what a filter means.
func holds(filters map[string]any, m told) bool {
	for name, value := range filters {
		switch name {
		case "AND":
			if slices.ContainsFunc(value.([]any), func(one any) bool { return !holds(one.(map[string]any), m) }) {
				return false
			}
		case "OR":
			if !slices.ContainsFunc(value.([]any), func(one any) bool { return holds(one.(map[string]any), m) }) {
				return false
			}
		case "NOT":
			if holds(value.(map[string]any), m) {
				return false
			}
		default:
			for operator, operand := range value.(map[string]any) {
				if !compare(valueOf(name, m), operator, operand) {
					return false
				}
			}
		}
	}
	return true
}

func valueOf(name string, m told) any {
	switch v := m[name].(type) {
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case string:
		if expires, ok := m["expires_at"].(time.Time); name == "state" && v == "active" && ok && !expires.After(moment) {
			return "expired"
		}
		return v
	case nil:
		if path, ok := strings.CutPrefix(name, "metadata."); ok {
			return within(m["metadata"], strings.Split(strings.ReplaceAll(path, `"a.b"`, "\x00"), "."))
		}
		return nil
	default:
		return v
	}
}

func within(value any, path []string) any {
	for _, name := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[strings.ReplaceAll(name, "\x00", "a.b")]
		case []any:
			i, err := strconv.Atoi(name)
			if i < 0 {
				i += len(v)
			}
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

func compare(value any, operator string, operand any) bool {
	switch operator {
	case "ne":
		return !compare(value, "eq", operand)
	case "nin":
		return !compare(value, "in", operand)
	case "in":
		return slices.ContainsFunc(operand.([]any), func(one any) bool { return compare(value, "eq", one) })
	case "exists":
		return operand == (value != nil)
	case "eq":
		if t, ok := timeOf(operand); ok {
			v, ok := timeOf(value)
			return ok && v.Equal(t)
		}
		return equal(value, operand)
	case "contains":
		switch v := value.(type) {
		case string:
			text, ok := operand.(string)
			return ok && strings.Contains(v, text)
		case map[string]any:
			_, ok := operand.(map[string]any)
			return ok && holdsPart(v, operand)
		case []any:
			if _, ok := operand.([]any); !ok {
				operand = []any{operand}
			}
			return holdsPart(v, operand)
		}
		return false
	case "icontains", "starts_with":
		v, ok := value.(string)
		if operator == "starts_with" {
			return ok && strings.HasPrefix(v, operand.(string))
		}
		return ok && strings.Contains(strings.ToLower(v), strings.ToLower(operand.(string)))
	}
	order, ok := order(value, operand)
	switch operator {
	case "gt":
		return ok && order > 0
	case "gte":
		return ok && order >= 0
	case "lt":
		return ok && order < 0
	default:
		return ok && order <= 0
	}
}

func order(value, operand any) (int, bool) {
	if n, ok := operand.(json.Number); ok {
		v, ok := value.(json.Number)
		if !ok {
			return 0, false
		}
		return rational(v).Cmp(rational(n)), true
	}
	v, ok := value.(string)
	if !ok {
		return 0, false
	}
	if t, isTime := timeOf(operand); isTime {
		v, ok := timeOf(value)
		return v.Compare(t), ok
	}
	return strings.Compare(v, operand.(string)), true
}

func rational(n json.Number) *big.Rat {
	r, _ := new(big.Rat).SetString(n.String())
	return r
}

func timeOf(v any) (time.Time, bool) {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	return t.UTC().Truncate(time.Microsecond), err == nil
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		n, ok := b.(json.Number)
		return ok && rational(a).Cmp(rational(n)) == 0
	case map[string]any:
		other, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, other, equal)
	case []any:
		other, ok := b.([]any)
		return ok && slices.EqualFunc(a, other, equal)
	}
	left, _ := json.Marshal(a)
	right, _ := json.Marshal(b)
	return bytes.Equal(left, right)
}

// holdsPart is jsonb's containment of part in whole.
func holdsPart(whole, part any) bool {
	switch part := part.(type) {
	case map[string]any:
		whole, ok := whole.(map[string]any)
		for name, value := range part {
			member, there := whole[name]
			ok = ok && there && holdsPart(member, value)
		}
		return ok
	case []any:
		whole, ok := whole.([]any)
		return ok && !slices.ContainsFunc(part, func(one any) bool {
			return !slices.ContainsFunc(whole, func(item any) bool { return holdsPart(item, one) })
		})
	}
	return equal(whole, part)
}
