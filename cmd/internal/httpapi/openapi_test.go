package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/projections"
)

// routes are all that the API serves, by method and path.
var routes = []string{
	"POST /v1/memories", "POST /v1/memories/batch", "PATCH /v1/memories/{id}", "POST /v1/memories/{id}/confidence",
	"POST /v1/memories/{id}/evidence", "POST /v1/memories/{id}/expiry", "POST /v1/memories/{id}/restore",
	"DELETE /v1/memories/{id}", "POST /v1/memories/forget",
	"GET /v1/memories/{id}", "GET /v1/memories", "POST /v1/memories/search", "GET /v1/memories/{id}/history",
	"GET /v1/memories/recent", "GET /v1/stats", "GET /v1/position",
	"GET /v1/streams/{id}/events", "GET /v1/events", "GET /v1/events/live",
	"GET /health/live", "GET /health/ready", "GET /metrics", "GET /openapi.json", "GET /openapi.yaml", "GET /version", "GET /projections",
}

// openAPI is what of a document is looked at.
type openAPI struct {
	OpenAPI string
	Info    struct{ Title, Version, Description string }
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string
		Description string
		Tags        []string
		Parameters  []struct {
			Name, In, Description string
			Required              bool
			Schema                map[string]any
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
			Headers     map[string]struct{ Description string }
			Content     map[string]struct{ Schema map[string]any }
		}
	}
	Components struct{ Schemas map[string]map[string]any }
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := newService(t)
	raw := s.send(t, "GET", "/openapi.json", "")
	require.Equal(t, 200, raw.status)
	var doc openAPI
	require.NoError(t, json.Unmarshal(raw.body, &doc))
	require.Regexp(t, `^3\.1\.\d$`, doc.OpenAPI)
	require.Equal(t, "AUREN", doc.Info.Title)
	require.Equal(t, "v1.2.3", doc.Info.Version)
	require.NotContains(t, string(raw.body), "$schema")

	t.Run("lists every route and no other", func(t *testing.T) {
		var listed []string
		for path, methods := range doc.Paths {
			for method := range methods {
				listed = append(listed, strings.ToUpper(method)+" "+path)
			}
		}
		require.ElementsMatch(t, routes, listed)
	})
	t.Run("is sound", func(t *testing.T) {
		ids := map[string]bool{}
		for path, methods := range doc.Paths {
			for method, op := range methods {
				at := method + " " + path
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
					require.NotEmpty(t, p.Schema, "%s: %s", at, p.Name)
					require.Equal(t, p.In == "path", p.Required, "%s: %s", at, p.Name)
				}
				for _, in := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
					require.True(t, names["path"+in[1]], at)
				}
				require.NotEmpty(t, op.Responses, at)
				for status, r := range op.Responses {
					require.Regexp(t, `^(default|[1-5]\d\d)$`, status, at)
					require.NotEmpty(t, r.Description, at)
				}
			}
		}
	})
	t.Run("refers to what is there", func(t *testing.T) {
		for _, ref := range regexp.MustCompile(`"\$ref": "([^"]*)"`).FindAllStringSubmatch(string(raw.body), -1) {
			name, found := strings.CutPrefix(ref[1], "#/components/schemas/")
			require.True(t, found, ref[1])
			require.Contains(t, doc.Components.Schemas, name)
		}
		for name, schema := range doc.Components.Schemas {
			requireSchema(t, name, schema)
		}
	})
	t.Run("is the same as YAML", func(t *testing.T) {
		var fromYAML, fromJSON any
		require.NoError(t, yaml.Unmarshal(s.send(t, "GET", "/openapi.yaml", "").body, &fromYAML))
		require.NoError(t, json.Unmarshal(raw.body, &fromJSON))
		again, err := json.Marshal(fromYAML)
		require.NoError(t, err)
		require.JSONEq(t, string(raw.body), string(again))
	})
	t.Run("gives examples that work", func(t *testing.T) {
		for path, methods := range doc.Paths {
			for method, op := range methods {
				if op.RequestBody == nil {
					continue
				}
				example := op.RequestBody.Content["application/json"].Example
				require.NotEmpty(t, example, path)
				path := strings.Replace(path, "{id}", s.remember(t, coffee).ID.String(), 1)
				if strings.HasPrefix(op.OperationID, "search") || strings.HasPrefix(op.OperationID, "forgetM") {
					continue // these need the projections
				}
				r := s.send(t, strings.ToUpper(method), path, string(example))
				require.Contains(t, []int{200, 201}, r.status, "%s %s", path, r.body)
			}
		}
	})
	t.Run("tells the status of success", func(t *testing.T) {
		require.Contains(t, doc.Paths["/v1/memories"]["post"].Responses, "201")
		require.Contains(t, doc.Paths["/v1/memories/{id}"]["get"].Responses, "200")
		require.Contains(t, doc.Paths["/v1/events/live"]["get"].Responses["200"].Content, "text/event-stream")
	})
	t.Run("tells the errors and the headers of answers", func(t *testing.T) {
		id := s.remember(t, coffee).ID.String()
		for _, request := range []struct{ method, path, body, header, value string }{
			{"POST", "/v1/memories", coffee, "", ""},
			{"POST", "/v1/memories", "x", "", ""},
			{"POST", "/v1/memories", coffee, "Content-Type", "text/plain"},
			{"POST", "/v1/memories", `{"id":"` + id + `",` + coffee[1:], "", ""},
			{"PATCH", "/v1/memories/" + id, `{"content":7}`, "If-Match", `"9"`},
			{"PATCH", "/v1/memories/" + id, `{"content":7,"expected_version":9}`, "", ""},
			{"DELETE", "/v1/memories/" + uuid.NewString(), "", "", ""},
			{"DELETE", "/v1/memories/" + id, "", "", ""},
			{"GET", "/v1/events?limit=0", "", "", ""},
			{"GET", "/v1/events", "", "", ""},
		} {
			headers := []string{}
			if request.header != "" {
				headers = append(headers, request.header, request.value)
			}
			r := s.send(t, request.method, request.path, request.body, headers...)
			path, _, _ := strings.Cut(strings.NewReplacer(id, "{id}").Replace(request.path), "?")
			path = regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(path, "{id}")
			told, ok := doc.Paths[path][strings.ToLower(request.method)].Responses[fmt.Sprint(r.status)]
			require.True(t, ok, "%s %s: %d", request.method, path, r.status)
			for _, name := range []string{"ETag", "Location", "Auren-Sequence-Id"} {
				if r.header.Get(name) != "" {
					require.Contains(t, told.Headers, name, "%s %s: %d", request.method, path, r.status)
				}
			}
		}
	})
	t.Run("tells when to try again", func(t *testing.T) {
		require.Contains(t, doc.Paths["/v1/memories"]["get"].Responses["503"].Headers, "Retry-After")
		require.Contains(t, doc.Paths["/health/ready"]["get"].Responses["503"].Content, "application/json")
	})
	t.Run("names the categories and the types of events", func(t *testing.T) {
		named := map[string]any{}
		for _, p := range doc.Paths["/v1/events"]["get"].Parameters {
			if items, ok := p.Schema["items"].(map[string]any); ok {
				named[p.Name] = items["enum"]
			}
		}
		require.ElementsMatch(t, []string{"memory", "projection", "*"}, named["category"])
		require.ElementsMatch(t, append(memory.EventTypes(), projections.EventSkipped), named["event_type"])
	})
}

// requireSchema looks through a schema of JSON Schema 2020-12.
func requireSchema(t *testing.T, at string, schema map[string]any) {
	t.Helper()
	require.NotContains(t, schema, "nullable", "%s: of OpenAPI 3.0", at)
	types := map[any]bool{"object": true, "array": true, "string": true, "number": true, "integer": true, "boolean": true, "null": true}
	switch named := schema["type"].(type) {
	case nil:
	case []any:
		for _, one := range named {
			require.True(t, types[one], "%s: %v", at, one)
		}
	default:
		require.True(t, types[named], "%s: %v", at, named)
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		requireSchema(t, at+"."+name, property.(map[string]any))
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		require.Contains(t, properties, name, at)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		requireSchema(t, at+"[]", items)
	}
}

// What the document says of a body is what is read: each property it names is known, and what it requires is needed.
func TestBodiesAreAsDescribed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var doc openAPI
	require.NoError(t, json.Unmarshal(s.send(t, "GET", "/openapi.json", "").body, &doc))
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.RequestBody == nil {
				continue
			}
			ref := op.RequestBody.Content["application/json"].Schema["$ref"].(string)
			schema := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
			path := strings.Replace(path, "{id}", uuid.NewString(), 1)
			send := func(body string) reply { return s.send(t, strings.ToUpper(method), path, body) }
			for name := range schema["properties"].(map[string]any) {
				r := send(fmt.Sprintf(`{%q:{"no":"such"},"zzz":1}`, name))
				require.NotContains(t, string(r.body), `"field":"`+name+`","message":"is unknown`, path)
			}
			require.Contains(t, string(send(`{"zzz":1}`).body), `"field":"zzz","message":"is unknown`, path)
			if required, _ := schema["required"].([]any); len(required) > 0 {
				p := problem(t, send(`{}`), http.StatusUnprocessableEntity)
				require.Contains(t, required, p.Errors[0].Field, path)
				require.True(t, op.RequestBody.Required, path)
			}
		}
	}
}

// A filter that is given and empty would be taken for none, so it is refused (as package api's tests show), and the document
// says so.
func TestFiltersAreDescribedAsNotEmpty(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var doc openAPI
	require.NoError(t, json.Unmarshal(s.send(t, "GET", "/openapi.json", "").body, &doc))
	described := map[string]int{}
	for _, methods := range doc.Paths {
		for _, p := range methods["get"].Parameters {
			if p.Schema["minLength"] == 1. {
				described[p.Name]++
			}
		}
	}
	for _, path := range []string{"/v1/memories/search", "/v1/memories/forget"} {
		ref := doc.Paths[path]["post"].RequestBody.Content["application/json"].Schema["$ref"].(string)
		properties := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]["properties"].(map[string]any)
		for name, property := range properties {
			if property.(map[string]any)["minLength"] == 1. && name != "query" { // which is needed, so cannot be left out
				described[name]++
			}
		}
		require.EqualValues(t, 1, properties["memory_types"].(map[string]any)["minItems"], path)
	}
	require.Equal(t, map[string]int{"agent_id": 7, "user_id": 7, "correlation_id": 2, "as_of": 3, "state": 1, "order": 1, "direction": 1}, described)
}

func TestTheDocumentDoesNotChange(t *testing.T) {
	t.Parallel()
	var documents [2][]byte
	for i := range documents {
		url := serve(t, httpapi.New(api.New(api.Deps{}), httpapi.Operations{Version: "v"}, httpapi.Config{}))
		s := &service{url: url, client: http.DefaultClient}
		documents[i] = s.send(t, "GET", "/openapi.json", "").body
	}
	require.True(t, bytes.Equal(documents[0], documents[1]))
}
