package httpapi

import (
	"cmp"
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

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries/filter"
)

// uuidText describes a UUID.
type uuidText struct{}

// Schema describes it.
func (uuidText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

// nullableTime describes a time or null.
type nullableTime struct{}

// Schema describes it.
func (nullableTime) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true}
}

// anyJSON describes any JSON value.
type anyJSON struct{}

// Schema describes it.
func (anyJSON) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

// The components that describe filters.
const (
	memoryFilters = "MemoryFilters"
	eventFilters  = "EventFilters"
)

func refTo(component string) string { return "#/components/schemas/" + component }

// newHuma makes an API without pages, links or formats of huma's own: it routes and describes.
func newHuma(mux *http.ServeMux, version string) huma.API {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[uuid.UUID](), reflect.TypeFor[uuidText]())
	registry.RegisterTypeAlias(reflect.TypeFor[canonjson.Value](), reflect.TypeFor[anyJSON]())
	registry.RegisterTypeAlias(reflect.TypeFor[domain.NullableTime](), reflect.TypeFor[nullableTime]())
	registry.Map()[memoryFilters] = &huma.Schema{Extensions: filter.MemorySchema(refTo(memoryFilters))}
	registry.Map()[eventFilters] = &huma.Schema{Extensions: filter.EventSchema(refTo(eventFilters))}
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

// The tags that the operations are grouped by.
const (
	tagCommands   = "commands"
	tagQueries    = "queries"
	tagAudit      = "audit"
	tagOperations = "operations"
)

func tagOf(scope api.Scope) string {
	tags := map[api.Scope]string{api.Write: tagCommands, api.Erase: tagCommands, api.Read: tagQueries, api.Audit: tagAudit}
	return cmp.Or(tags[scope], tagOperations)
}

// describe makes the OpenAPI operation of a route.
func describe(o *huma.OpenAPI, route Route) *huma.Operation {
	registry := o.Components.Schemas
	described := &huma.Operation{
		Method: route.Method, Path: route.Path, OperationID: route.Name, Summary: route.Summary, Description: route.Detail,
		Tags: []string{tagOf(route.Scope)}, Parameters: describeParameters(registry, route),
		Responses: describeProblems(registry, route),
	}
	if route.Streams {
		described.Description += " As server-sent events: id is the sequence_id, event the event_type, data the event as in GET /v1/events. " +
			"A client that comes again with Last-Event-ID misses nothing and gets nothing twice. A comment every 15 seconds says " +
			"that the feed lives."
		described.Responses["200"] = &huma.Response{
			Description: "The feed.", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
		}
		return described
	}
	described.Responses[strconv.Itoa(route.status)] = &huma.Response{
		Description: http.StatusText(route.status), Headers: describeHeaders(route),
		Content: map[string]*huma.MediaType{"application/json": {Schema: registry.Schema(route.Answer, true, "")}},
	}
	if route.HasBody() {
		described.RequestBody = &huma.RequestBody{
			Required: slices.ContainsFunc(restOf(route), isRequired),
			Content: map[string]*huma.MediaType{"application/json": {
				Schema: describeBody(registry, route), Example: json.RawMessage(route.Example),
			}},
		}
	}
	return described
}

// restOf are the fields of a request that do not stand in the path.
func restOf(route Route) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(route.Request), func(f reflect.StructField) bool {
		return f.Anonymous || route.OnMemory && jsonName(f) == "id"
	})
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func describeBody(registry huma.Registry, route Route) *huma.Schema {
	ref := registry.Schema(route.Request, true, "")
	schema := registry.SchemaFromRef(ref.Ref)
	if route.OnMemory {
		delete(schema.Properties, "id")
		schema.Required = slices.DeleteFunc(schema.Required, func(required string) bool { return required == "id" })
	}
	if route.Operation == api.RememberBatch.Operation {
		schema.Properties["memories"].Items = registry.Schema(api.Remember.Request, true, "")
	}
	return ref
}

func isRequired(f reflect.StructField) bool {
	return !strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
}

func describeParameters(registry huma.Registry, route Route) []*huma.Param {
	var described []*huma.Param
	if route.OnMemory {
		described = append(described, &huma.Param{
			Name: "id", In: "path", Required: true, Description: "The memory's id.", Schema: uuidText{}.Schema(registry),
		})
	}
	if !route.HasBody() {
		for _, f := range restOf(route) {
			if jsonName(f) == "filters" {
				described = append(described, describeFilters(route, f))
				continue
			}
			described = append(described, describeParameter(registry, f))
		}
	}
	header := func(name, description, example string) {
		described = append(described, &huma.Param{
			Name: name, In: "header", Description: description, Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{example}},
		})
	}
	if route.Streams {
		described = append(described, &huma.Param{
			Name: "Last-Event-ID", In: "header", Description: "The sequence_id to go on after; it outweighs after.",
			Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64"},
		})
	}
	if route.Scope != api.Operate {
		header(headerTenant, "Whose memories; default is the tenant default.", "default")
	}
	if route.matches() {
		header(headerMatch, "The version that the memory must be at, in quotes; else the answer is 412.", `"3"`)
	}
	if route.Idempotent {
		header("Auren-Actor", "Who sends the command; default anonymous.", "coach-7")
		header("Idempotency-Key", "Makes the command safe to repeat: the same key and body give the first answer again. A UUID of version 7 costs the least.", "order-4711")
		header("X-Correlation-ID", "Groups everything that belongs to one piece of work.", "session-42")
		header("X-Causation-ID", "What made the actor send the command, often an event id.", "0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f")
		header("traceparent", "The W3C trace context.", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	}
	return described
}

// describeFilters describes a parameter that holds JSON.
func describeFilters(route Route, f reflect.StructField) *huma.Param {
	component := memoryFilters
	if _, ok := route.Request.FieldByName("EventFilter"); ok {
		component = eventFilters
	}
	content := map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: refTo(component)}}}
	return &huma.Param{Name: jsonName(f), In: "query", Description: f.Tag.Get("doc"), Extensions: map[string]any{"content": content}}
}

func describeParameter(registry huma.Registry, f reflect.StructField) *huma.Param {
	schema := huma.SchemaFromField(registry, f, "")
	schema.Nullable = false
	if f.Type == reflect.TypeFor[json.RawMessage]() {
		schema.Type = huma.TypeString
	}
	for _, allowed := range map[string][]string{"category": api.Categories(), "event_type": api.EventTypes("*")}[jsonName(f)] {
		schema.Items.Enum = append(schema.Items.Enum, allowed)
	}
	return &huma.Param{Name: jsonName(f), In: "query", Description: f.Tag.Get("doc"), Schema: schema}
}

// writeDocument writes the OpenAPI document down, as JSON and as YAML.
func writeDocument(o *huma.OpenAPI) (asJSON, asYAML []byte, err error) {
	// It has either the fields of a receipt or a problem.
	if result := o.Components.Schemas.Map()["BatchResult"]; result != nil {
		result.Required = []string{"status"}
	}
	for _, schema := range o.Components.Schemas.Map() {
		for name, property := range schema.Properties {
			// Lists of ours are empty, never null.
			property.Nullable = property.Nullable && property.Type != huma.TypeArray
			// These are passed on as they are, so their Go type does not tell that they are objects.
			switch name {
			case "metadata", "payload":
				property.Type, property.AdditionalProperties = huma.TypeObject, true
			case "filters":
				schema.Properties[name] = &huma.Schema{Ref: refTo(memoryFilters), Description: property.Description}
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
