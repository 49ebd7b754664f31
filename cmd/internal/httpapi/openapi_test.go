package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/queries/filter"
)

// routes are all that the API serves, by method and path.
var routes = []string{
	"POST /v1/memories", "POST /v1/memories/batch", "PATCH /v1/memories/{id}", "POST /v1/memories/{id}/confidence",
	"POST /v1/memories/{id}/evidence", "POST /v1/memories/{id}/expiry", "POST /v1/memories/{id}/restore",
	"DELETE /v1/memories/{id}", "POST /v1/memories/forget", "POST /v1/memories/restore",
	"GET /v1/memories/{id}", "GET /v1/memories", "POST /v1/memories/search", "GET /v1/memories/{id}/history",
	"GET /v1/memories/recent", "GET /v1/stats", "GET /v1/diff", "GET /v1/position",
	"GET /v1/streams/{id}/events", "GET /v1/events", "GET /v1/events/live",
	"GET /health/live", "GET /health/ready", "GET /metrics", "GET /openapi.json", "GET /openapi.yaml", "GET /version", "GET /projections",
}

// described is what of an operation is looked at.
type described struct {
	OperationID string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                map[string]any
		Content               map[string]struct{ Schema map[string]any }
	}
	RequestBody *struct {
		Required bool
		Content  map[string]struct {
			Schema  map[string]any
			Example json.RawMessage
		}
	} `json:"requestBody"`
	Responses map[string]struct {
		Description string
		Headers     map[string]any
		Content     map[string]any
	}
}

// document is what of a document is looked at.
type document struct {
	raw        []byte
	OpenAPI    string
	Info       struct{ Title, Version string }
	Paths      map[string]map[string]described
	Components struct{ Schemas map[string]map[string]any }
	// operations are those of Paths, by method and path.
	operations map[string]described
}

func (s *service) document(t *testing.T) *document {
	t.Helper()
	d := &document{raw: s.send(t, "GET", "/openapi.json", "").body, operations: map[string]described{}}
	require.NoError(t, json.Unmarshal(d.raw, d))
	for path, methods := range d.Paths {
		for method, op := range methods {
			d.operations[strings.ToUpper(method)+" "+path] = op
		}
	}
	return d
}

// body is the schema of an operation's body.
func (d *document) body(op described) map[string]any {
	ref := op.RequestBody.Content["application/json"].Schema["$ref"].(string)
	return d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := newService(t)
	doc := s.document(t)
	require.Regexp(t, `^3\.1\.\d$`, doc.OpenAPI)
	require.Equal(t, "AUREN", doc.Info.Title)
	require.Equal(t, "v1.2.3", doc.Info.Version)
	require.NotContains(t, string(doc.raw), "$schema")
	require.ElementsMatch(t, routes, slices.Collect(maps.Keys(doc.operations)))

	t.Run("is sound", func(t *testing.T) {
		ids := map[string]bool{}
		for at, op := range doc.operations {
			require.NotEmpty(t, op.OperationID, at)
			require.False(t, ids[op.OperationID], "%s stands twice", op.OperationID)
			ids[op.OperationID] = true
			require.NotEmpty(t, op.Summary, at)
			require.NotEmpty(t, op.Description, at)
			require.Len(t, op.Tags, 1, at)
			names := map[string]bool{}
			for _, p := range op.Parameters {
				require.False(t, names[p.In+p.Name], "%s: %s stands twice", at, p.Name)
				names[p.In+p.Name] = true
				require.NotEmpty(t, p.Description, "%s: %s", at, p.Name)
				require.NotEqual(t, len(p.Schema) == 0, len(p.Content) == 0, "%s: %s has a schema, or a content that has one", at, p.Name)
				require.Equal(t, p.In == "path", p.Required, "%s: %s", at, p.Name)
			}
			require.Equal(t, strings.Contains(at, "{id}"), names["pathid"], at)
			require.NotEmpty(t, op.Responses, at)
			for status, r := range op.Responses {
				require.Regexp(t, `^(default|[1-5]\d\d)$`, status, at)
				require.NotEmpty(t, r.Description, at)
			}
		}
	})
	t.Run("refers to what is there", func(t *testing.T) {
		for _, ref := range regexp.MustCompile(`"\$ref": "([^"]*)"`).FindAllStringSubmatch(string(doc.raw), -1) {
			name, found := strings.CutPrefix(ref[1], "#/components/schemas/")
			require.True(t, found, ref[1])
			require.Contains(t, doc.Components.Schemas, name)
		}
		for name, schema := range doc.Components.Schemas {
			required, _ := schema["required"].([]any)
			for _, property := range required {
				require.Contains(t, schema["properties"], property, name)
			}
		}
	})
	t.Run("has the types of JSON Schema 2020-12", func(t *testing.T) {
		require.NotContains(t, string(doc.raw), `"nullable"`, "of OpenAPI 3.0")
		for _, types := range regexp.MustCompile(`"type": (\[[^]]*\]|"[^"]*")`).FindAllStringSubmatch(string(doc.raw), -1) {
			for _, name := range regexp.MustCompile(`\w+`).FindAllString(types[1], -1) {
				require.Contains(t, []string{"object", "array", "string", "number", "integer", "boolean", "null"}, name)
			}
		}
	})
	t.Run("is the same as YAML", func(t *testing.T) {
		var fromYAML any
		require.NoError(t, yaml.Unmarshal(s.send(t, "GET", "/openapi.yaml", "").body, &fromYAML))
		again, err := json.Marshal(fromYAML)
		require.NoError(t, err)
		require.JSONEq(t, string(doc.raw), string(again))
	})
	t.Run("gives examples that work", func(t *testing.T) {
		for at, op := range doc.operations {
			if op.RequestBody == nil {
				continue
			}
			example := op.RequestBody.Content["application/json"].Example
			require.NotEmpty(t, example, at)
			if strings.HasPrefix(op.OperationID, "search") || strings.HasSuffix(op.OperationID, "Matching") {
				continue // these need the projections
			}
			method, path, _ := strings.Cut(strings.Replace(at, "{id}", s.remember(t, coffee).ID.String(), 1), " ")
			r := s.send(t, method, path, string(example))
			require.Contains(t, []int{200, 201}, r.status, "%s %s", at, r.body)
		}
	})
	t.Run("tells the statuses and the headers of answers", func(t *testing.T) {
		id := s.remember(t, coffee).ID.String()
		for _, request := range []struct {
			method, path, body string
			headers            []string
		}{
			{"POST", "/v1/memories", coffee, nil},
			{"POST", "/v1/memories", "x", nil},
			{"POST", "/v1/memories", coffee, []string{"Content-Type", "text/plain"}},
			{"POST", "/v1/memories", `{"id":"` + id + `",` + coffee[1:], nil},
			{"PATCH", "/v1/memories/" + id, `{"content":7}`, []string{"If-Match", `"9"`}},
			{"PATCH", "/v1/memories/" + id, `{"content":7,"expected_version":9}`, nil},
			{"DELETE", "/v1/memories/" + uuid.NewString(), "", nil},
			{"DELETE", "/v1/memories/" + id, "", nil},
			{"GET", "/v1/events?limit=0", "", nil},
			{"GET", "/v1/events", "", nil},
		} {
			r := s.send(t, request.method, request.path, request.body, request.headers...)
			path, _, _ := strings.Cut(regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(request.path, "{id}"), "?")
			told, ok := doc.operations[request.method+" "+path].Responses[fmt.Sprint(r.status)]
			require.True(t, ok, "%s %s: %d", request.method, path, r.status)
			for _, name := range []string{"ETag", "Location", "Auren-Sequence-Id"} {
				if r.header.Get(name) != "" {
					require.Contains(t, told.Headers, name, "%s %s: %d", request.method, path, r.status)
				}
			}
		}
		require.Contains(t, doc.operations["GET /v1/memories/{id}"].Responses, "200")
		require.Contains(t, doc.operations["GET /v1/events/live"].Responses["200"].Content, "text/event-stream")
		require.Contains(t, doc.operations["GET /v1/memories"].Responses["503"].Headers, "Retry-After")
		require.Contains(t, doc.operations["GET /health/ready"].Responses["503"].Content, "application/json")
	})
	t.Run("names the categories and the types of events", func(t *testing.T) {
		named := map[string]any{}
		for _, p := range doc.operations["GET /v1/events"].Parameters {
			if items, ok := p.Schema["items"].(map[string]any); ok {
				named[p.Name] = items["enum"]
			}
		}
		require.ElementsMatch(t, []string{"memory", "projection", "*"}, named["category"])
		require.ElementsMatch(t, append(memory.EventTypes(), projections.EventSkipped), named["event_type"])
	})
}

// What the document says of a body is what is read: each property it names is known, and what it requires is needed.
func TestBodiesAreAsDescribed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	doc := s.document(t)
	for at, op := range doc.operations {
		if op.RequestBody == nil {
			continue
		}
		schema := doc.body(op)
		method, path, _ := strings.Cut(strings.Replace(at, "{id}", uuid.NewString(), 1), " ")
		for name := range schema["properties"].(map[string]any) {
			r := s.send(t, method, path, fmt.Sprintf(`{%q:{"no":"such"},"zzz":1}`, name))
			require.NotContains(t, string(r.body), `"field":"`+name+`","message":"is unknown`, at)
		}
		require.Contains(t, string(s.send(t, method, path, `{"zzz":1}`).body), `"field":"zzz","message":"is unknown`, at)
		if required, _ := schema["required"].([]any); len(required) > 0 {
			p := problem(t, s.send(t, method, path, `{}`), http.StatusUnprocessableEntity)
			require.Contains(t, required, p.Errors[0].Field, at)
			require.True(t, op.RequestBody.Required, at)
		}
	}
}

// A filter that is given and empty would be taken for none, so it is refused (as package api's tests show), and the document
// says so.
func TestFiltersAreDescribedAsNotEmpty(t *testing.T) {
	t.Parallel()
	doc := newService(t).document(t)
	counts := map[string]int{}
	for at, op := range doc.operations {
		for _, p := range op.Parameters {
			if strings.HasPrefix(at, "GET ") && p.Schema["minLength"] == 1. {
				counts[p.Name]++
			}
		}
	}
	for _, at := range []string{"POST /v1/memories/search", "POST /v1/memories/forget"} {
		properties := doc.body(doc.operations[at])["properties"].(map[string]any)
		for name, property := range properties {
			if property.(map[string]any)["minLength"] == 1. && name != "query" { // which is needed, so cannot be left out
				counts[name]++
			}
		}
		require.EqualValues(t, 1, properties["memory_types"].(map[string]any)["minItems"], at)
	}
	require.Equal(t, map[string]int{"agent_id": 8, "user_id": 8, "correlation_id": 2, "as_of": 6, "prefix": 1, "from": 1, "to": 1, "state": 1, "order": 1, "direction": 1}, counts)
}

// Each operation that takes filters refers to the schema of their grammar.
func TestFiltersAreDescribedByTheirGrammar(t *testing.T) {
	t.Parallel()
	doc := newService(t).document(t)
	for component, schema := range map[string]filter.Schema{
		"MemoryFilters": filter.MemorySchema("#/components/schemas/MemoryFilters"), "EventFilters": filter.EventSchema("#/components/schemas/EventFilters"),
	} {
		want, err := json.Marshal(schema)
		require.NoError(t, err)
		got, err := json.Marshal(doc.Components.Schemas[component])
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(got))
	}
	refs := map[string]string{}
	for _, route := range httpapi.Routes() {
		at := route.Method + " " + route.Path
		_, takes := jsonFields(route.Request)["filters"]
		for _, p := range doc.operations[at].Parameters {
			if p.Name == "filters" {
				refs[route.Name] = p.Content["application/json"].Schema["$ref"].(string)
			}
		}
		if route.HasBody() && takes {
			refs[route.Name] = doc.body(doc.operations[at])["properties"].(map[string]any)["filters"].(map[string]any)["$ref"].(string)
		}
		if takes {
			require.Contains(t, refs, route.Name)
		}
	}
	for name, ref := range refs {
		want := "#/components/schemas/MemoryFilters"
		if name == "readLog" || name == "followLog" {
			want = "#/components/schemas/EventFilters"
		}
		require.Equal(t, want, ref, name)
	}
	require.GreaterOrEqual(t, len(refs), 7)
}

// jsonFields are the fields of a request by their names in JSON.
func jsonFields(request reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(request) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f
	}
	return fields
}

func TestContentsAreDescribedAsAnyJSON(t *testing.T) {
	t.Parallel()
	schemas := newService(t).document(t).Components.Schemas
	for schema, member := range map[string]string{"Remember": "content", "ReviseRequest": "content", "Operation": "value"} {
		described := schemas[schema]["properties"].(map[string]any)[member].(map[string]any)
		delete(described, "description")
		require.Empty(t, described, schema)
	}
}

func TestTheDocumentDoesNotChange(t *testing.T) {
	t.Parallel()
	document := func() string {
		s := serve(t, httpapi.New(api.New(api.Deps{}), httpapi.Operations{Version: "v"}, httpapi.Config{}))
		return string(s.send(t, "GET", "/openapi.json", "").body)
	}
	require.Equal(t, document(), document())
}
