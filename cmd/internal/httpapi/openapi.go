package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
)

// uuidText describes a UUID.
type uuidText struct{}

// Schema describes it.
func (uuidText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

// newHuma makes an API without pages, links or formats of huma's own: it routes and describes.
func newHuma(mux *http.ServeMux, version string) huma.API {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[uuid.UUID](), reflect.TypeFor[uuidText]())
	return humago.New(mux, huma.Config{OpenAPI: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:   "AUREN",
			Version: version,
			Description: "The memory of AI agents: event-sourced and auditable. Commands answer with a sequence_id; a query that is given " +
				"it as min_sequence_id sees what the command did. Every error is a problem (RFC 9457).",
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Components: &huma.Components{Schemas: registry},
		Tags: []*huma.Tag{
			{Name: tagCommands, Description: "Remember, revise, reinforce or doubt, forget, restore."},
			{Name: tagQueries, Description: "Recall what was remembered, now or as of a moment."},
			{Name: tagAudit, Description: "The events themselves: of one memory, of all, as they happen."},
			{Name: tagOperations, Description: "How the service is."},
		},
	}})
}

// describe makes the OpenAPI operation of types whose tags describe them.
func describe(o *huma.OpenAPI, op operation, params, body, result reflect.Type) *huma.Operation {
	registry := o.Components.Schemas
	described := &huma.Operation{
		Method: op.method, Path: op.path, OperationID: op.id, Summary: op.summary, Description: op.detail,
		Tags: []string{op.tag}, Parameters: describeParameters(registry, op, params),
		Responses: describeProblems(registry, op, body != reflect.TypeFor[none]()),
	}
	if result != reflect.TypeFor[none]() {
		content := map[string]*huma.MediaType{"application/json": {Schema: registry.Schema(result, true, op.id+"Answer")}}
		described.Responses[strconv.Itoa(op.status)] = &huma.Response{
			Description: http.StatusText(op.status), Headers: describeHeaders(op), Content: content,
		}
		if op.unready != 0 {
			described.Responses[strconv.Itoa(op.unready)] = &huma.Response{Description: http.StatusText(op.unready), Content: content}
		}
	}
	if body != reflect.TypeFor[none]() {
		schema := registry.Schema(body, true, op.id+"Body")
		described.RequestBody = &huma.RequestBody{
			Required: slices.ContainsFunc(reflect.VisibleFields(body), isRequired),
			Content:  map[string]*huma.MediaType{"application/json": {Schema: schema, Example: json.RawMessage(op.example)}},
		}
	}
	return described
}

func isRequired(f reflect.StructField) bool {
	return !f.Anonymous && !strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
}

func describeParameters(registry huma.Registry, op operation, params reflect.Type) []*huma.Param {
	var described []*huma.Param
	if strings.Contains(op.path, "{id}") {
		described = append(described, &huma.Param{
			Name: "id", In: "path", Required: true, Description: "The memory's id.", Schema: uuidText{}.Schema(registry),
		})
	}
	for _, f := range reflect.VisibleFields(params) {
		if f.Anonymous {
			continue
		}
		schema := huma.SchemaFromField(registry, f, "")
		schema.Nullable = false
		if f.Type == reflect.TypeFor[json.RawMessage]() {
			schema.Type = huma.TypeString
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		described = append(described, &huma.Param{
			Name: name, In: "query", Description: f.Tag.Get("doc"), Schema: schema,
		})
	}
	if op.tag == tagOperations {
		return described
	}
	header := func(name, description, example string) {
		described = append(described, &huma.Param{
			Name: name, In: "header", Description: description, Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{example}},
		})
	}
	header("Auren-Tenant", "Whose memories; default is the tenant default.", "default")
	if op.matches {
		header("If-Match", "The version that the memory must be at, in quotes; else the answer is 412.", `"3"`)
	}
	if op.tag == tagCommands {
		header("Auren-Actor", "Who sends the command; default anonymous.", "coach-7")
		header("Idempotency-Key", "Makes the command safe to repeat: the same key and body give the first answer again. A UUID of version 7 costs the least.", "order-4711")
		header("X-Correlation-ID", "Groups all that belongs to one piece of work.", "session-42")
		header("X-Causation-ID", "What made the actor send the command, often an event id.", "0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f")
		header("traceparent", "The W3C trace context.", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	}
	return described
}

// document writes the OpenAPI document down, as JSON and as YAML.
func document(o *huma.OpenAPI) (asJSON, asYAML []byte, err error) {
	for _, schema := range o.Components.Schemas.Map() {
		for name, property := range schema.Properties {
			// Lists of ours are empty, never null.
			property.Nullable = property.Nullable && property.Type != huma.TypeArray
			// These are passed on as they are, so their Go type does not tell that they are objects.
			if name == "metadata" || name == "payload" {
				property.Type, property.AdditionalProperties = huma.TypeObject, true
			}
		}
	}
	if asJSON, err = json.MarshalIndent(o, "", " "); err != nil {
		return nil, nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	if asYAML, err = o.YAML(); err != nil {
		return nil, nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return asJSON, asYAML, nil
}
