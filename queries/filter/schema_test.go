package filter_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/queries/filter"
)

// described is a schema as a reader of the document has it.
func described(t require.TestingT, schema filter.Schema) filter.Schema {
	raw, err := json.Marshal(schema)
	require.NoError(t, err)
	var read filter.Schema
	require.NoError(t, json.Unmarshal(raw, &read))
	return read
}

func TestTheSchemaAllowsWhatTheGrammarDoes(t *testing.T) {
	t.Parallel()
	root := described(t, filter.MemorySchema("#"))
	for filters := range accepted {
		require.Equal(t, filters != `{}`, valid(t, root, root, filters), filters)
	}
	for filters, says := range refused {
		// A schema counts no conditions, levels, bytes and names of a path.
		beyond := regexp.MustCompile(`NUL|bytes|conditions|nested|16 names|256 characters|sequence_id: must be a whole`).MatchString(says)
		if json.Valid([]byte(filters)) && !beyond && !strings.HasPrefix(filters, `{"NOT":{"NOT":`) {
			require.False(t, valid(t, root, root, filters), filters)
		}
	}
}

func TestTheSchemaHasEveryFieldAndOperator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schema filter.Schema
		names  string
	}{
		{filter.MemorySchema("#"), refusal(t, filter.Filter{Filters: json.RawMessage(`{"x": 1}`)}.Check)},
		{filter.EventSchema("#"), refusal(t, func() (filter.Where, error) { return filter.OfEvents(json.RawMessage(`{"x": 1}`)) })},
	} {
		properties := described(t, c.schema)["properties"].(map[string]any)
		listed, _, _ := strings.Cut(strings.TrimPrefix(c.names, "filters.x: is unknown: it must be one of "), ", or a path")
		require.ElementsMatch(t, strings.Split(listed, ", "), slices.Collect(maps.Keys(properties)))
		require.Len(t, c.schema["patternProperties"], 1)
		used := map[string]bool{}
		for _, property := range properties {
			either, _ := property.(map[string]any)["anyOf"].([]any)
			for _, one := range either {
				if operators, ok := one.(map[string]any)["properties"].(map[string]any); ok {
					for operator := range operators {
						used[operator] = true
					}
				}
			}
		}
		require.ElementsMatch(t, operators["text"], slices.Collect(maps.Keys(used)))
	}
}

func refusal(t *testing.T, check func() (filter.Where, error)) string {
	_, err := check()
	require.Error(t, err)
	return err.Error()
}

// Whatever the schema allows is a filter, and PostgreSQL understands it.
func TestWhatTheSchemaAllowsIsAccepted(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	root, ofEvents := described(t, filter.MemorySchema("#")), described(t, filter.EventSchema("#"))
	rapid.Check(t, func(r *rapid.T) {
		text, err := json.Marshal(example(r, root, root, 2))
		require.NoError(r, err)
		require.True(r, valid(r, root, root, string(text)), "%s", text)
		_, err = find(t, pool, filter.Filter{Filters: text, State: filter.All})
		require.NoError(r, err, "%s", text)

		text, err = json.Marshal(example(r, ofEvents, ofEvents, 2))
		require.NoError(r, err)
		where, err := filter.OfEvents(text)
		require.NoError(r, err, "%s", text)
		args := filter.Args{"default"}
		_, err = pool.Exec(t.Context(), "select 1 from events where tenant_id = $1"+where.SQL(filter.EventColumns, time.Time{}, &args).And(), args...)
		require.NoError(r, err, "%s", text)
	})
}

// one draws one of some.
func one[T any](t *rapid.T, from []T) T { return rapid.SampledFrom(from).Draw(t, "one") }

// example draws a value that a schema allows.
func example(t *rapid.T, root, schema filter.Schema, depth int) any {
	if schema["$ref"] != nil {
		return example(t, root, root, depth-1)
	}
	if either, ok := schema["anyOf"].([]any); ok {
		return example(t, root, one(t, either).(map[string]any), depth)
	}
	if allowed, ok := schema["enum"].([]any); ok {
		return one(t, allowed)
	}
	types, ok := schema["type"].([]any)
	if !ok {
		types = []any{schema["type"]}
	}
	if types[0] == nil {
		types = []any{"string", "number", "boolean", "null", "array", "object"}
	}
	switch one(t, types) {
	case "string":
		return exampleText(t, schema)
	case "number":
		return rapid.Float64Range(0, 1).Draw(t, "number")
	case "integer":
		return rapid.Int64().Draw(t, "integer")
	case "boolean":
		return rapid.Bool().Draw(t, "boolean")
	case "array":
		items, _ := schema["items"].(map[string]any)
		if items == nil {
			return []any{1, "a"}
		}
		list := make([]any, rapid.IntRange(1, 3).Draw(t, "items"))
		for i := range list {
			list[i] = example(t, root, items, depth)
		}
		return list
	case "object":
		return exampleObject(t, root, schema, depth)
	}
	return nil
}

func exampleText(t *rapid.T, schema filter.Schema) string {
	switch schema["format"] {
	case "uuid":
		return uuid.NewString()
	case "date-time":
		return time.UnixMicro(rapid.Int64Range(-6e16, 2e17).Draw(t, "time")).Format(time.RFC3339Nano)
	}
	longest := 4096.0
	if limit, ok := schema["maxLength"].(float64); ok {
		longest = limit
	}
	return rapid.StringN(int(longest), int(longest), -1).Filter(func(s string) bool {
		return !strings.Contains(s, "\x00") && (schema["pattern"] == nil || regexp.MustCompile(`[^\s\p{Z}]`).MatchString(s))
	}).Draw(t, "text")
}

func exampleObject(t *rapid.T, root, schema filter.Schema, depth int) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	if properties == nil {
		return map[string]any{"a": one(t, []any{1, "x", nil, map[string]any{"eq": 1}}), "b": []any{true}}
	}
	names := slices.Sorted(maps.Keys(properties))
	if depth <= 0 {
		names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains([]string{"AND", "OR", "NOT"}, name) })
	}
	object := map[string]any{}
	for range rapid.IntRange(1, 2).Draw(t, "members") {
		name := one(t, names)
		object[name] = example(t, root, properties[name].(map[string]any), depth)
	}
	if patterns, ok := schema["patternProperties"].(map[string]any); ok && rapid.Bool().Draw(t, "path") {
		pattern := slices.Collect(maps.Keys(patterns))[0]
		name := rapid.StringMatching(strings.Replace(pattern, ")+$", "){1,3}$", 1)).Filter(func(s string) bool { return !strings.Contains(s, "\x00") && len(s) < 200 }).Draw(t, "name")
		object[name] = example(t, root, patterns[pattern].(map[string]any), depth)
	}
	return object
}

// valid tells whether a schema allows a value. It knows what the schemas of filters use.
func valid(t require.TestingT, root, schema filter.Schema, text string) bool {
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return allows(root, schema, value)
}

func allows(root, schema filter.Schema, value any) bool {
	sub := func(name string, value any) bool {
		s, ok := schema[name].(map[string]any)
		return !ok || allows(root, s, value)
	}
	number := func(name string, otherwise float64) float64 {
		if n, ok := schema[name].(float64); ok {
			return n
		}
		return otherwise
	}
	if schema["$ref"] != nil {
		return allows(root, root, value)
	}
	if not, ok := schema["not"].(map[string]any); ok && allows(root, not, value) {
		return false
	}
	if either, ok := schema["anyOf"].([]any); ok {
		return slices.ContainsFunc(either, func(s any) bool { return allows(root, s.(map[string]any), value) })
	}
	if allowed, ok := schema["enum"].([]any); ok && !slices.Contains(allowed, value) {
		return false
	}
	if types := fmt.Sprint(schema["type"]); schema["type"] != nil && !slices.ContainsFunc(typesOf(value), func(is string) bool {
		return slices.Contains(strings.Fields(strings.Trim(types, "[]")), is)
	}) {
		return false
	}
	switch v := value.(type) {
	case string:
		length := float64(utf8.RuneCountInString(v))
		return length >= number("minLength", 0) && length <= number("maxLength", 1e9) && hasFormat(schema["format"], v) &&
			(schema["pattern"] == nil || regexp.MustCompile(schema["pattern"].(string)).MatchString(v))
	case float64:
		return v >= number("minimum", -1e300) && v <= number("maximum", 1e300)
	case []any:
		return float64(len(v)) >= number("minItems", 0) && float64(len(v)) <= number("maxItems", 1e9) &&
			!slices.ContainsFunc(v, func(item any) bool { return !sub("items", item) })
	case map[string]any:
		if float64(len(v)) < number("minProperties", 0) {
			return false
		}
		for name, member := range v {
			if !sub("propertyNames", name) || !allowsMember(root, schema, name, member) {
				return false
			}
		}
	}
	return true
}

func allowsMember(root, schema filter.Schema, name string, member any) bool {
	properties, _ := schema["properties"].(map[string]any)
	if property, ok := properties[name].(map[string]any); ok {
		return allows(root, property, member)
	}
	patterns, _ := schema["patternProperties"].(map[string]any)
	for pattern, property := range patterns {
		if regexp.MustCompile(pattern).MatchString(name) {
			return allows(root, property.(map[string]any), member)
		}
	}
	return schema["additionalProperties"] != false
}

func typesOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{"string"}
	case float64:
		if v == math.Trunc(v) {
			return []string{"number", "integer"}
		}
		return []string{"number"}
	case bool:
		return []string{"boolean"}
	case []any:
		return []string{"array"}
	case map[string]any:
		return []string{"object"}
	}
	return []string{"null"}
}

func hasFormat(format any, text string) bool {
	switch format {
	case "uuid":
		_, err := uuid.Parse(text)
		return err == nil
	case "date-time":
		_, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && !strings.Contains(text, ",")
	}
	return true
}
