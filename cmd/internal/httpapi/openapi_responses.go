package httpapi

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/auren-memory/auren/cmd/internal/api"
)

// describeHeaders tells the headers of a success.
func describeHeaders(route Route) map[string]*huma.Header {
	if route.Scope == api.Operate {
		return nil
	}
	headers := map[string]*huma.Header{
		headerSequenceID: headerOf(huma.TypeInteger, "The sequence_id that the answer reflects, or that the command was given."),
	}
	created := route.status == http.StatusCreated
	if route.matches() || created {
		headers["ETag"] = etagHeader()
	}
	if created {
		headers["Location"] = headerOf(huma.TypeString, "The path of the new memory.")
	}
	return headers
}

func problemResponse(registry huma.Registry, description string) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: registry.Schema(reflect.TypeFor[api.Problem](), true, "")},
	}}
}

// describeProblems tells which errors a route answers with: those of a kind of request, and as default whatever else may
// come up, such as a failure inside.
func describeProblems(registry huma.Registry, route Route) map[string]*huma.Response {
	responses := map[string]*huma.Response{"default": problemResponse(registry, "A problem.")}
	add := func(status int, description string, headers map[string]*huma.Header) {
		response := problemResponse(registry, description)
		response.Headers = headers
		responses[strconv.Itoa(status)] = response
	}
	add(http.StatusBadRequest, "The request cannot be read.", nil)
	add(http.StatusForbidden, "The caller may not do this, or not from there.", nil)
	add(http.StatusUnprocessableEntity, "A field, parameter or header is not acceptable; errors names it.", nil)
	add(http.StatusServiceUnavailable, "Not for the moment: something is away, or behind what was asked for.", map[string]*huma.Header{
		"Retry-After": headerOf(huma.TypeInteger, "After how many seconds to try again."),
	})
	if route.HasBody() {
		add(http.StatusRequestEntityTooLarge, "The body is too large.", nil)
		add(http.StatusUnsupportedMediaType, "The body is not JSON.", nil)
	}
	if route.OnMemory {
		add(http.StatusNotFound, "There is no such memory.", nil)
	}
	if route.Idempotent && (route.matches() || route.status == http.StatusCreated) {
		add(http.StatusConflict, "The memory is not in a state, or at a version, for this.", map[string]*huma.Header{"ETag": etagHeader()})
	}
	if route.matches() {
		add(http.StatusPreconditionFailed, "The memory is not at the version of If-Match.", map[string]*huma.Header{"ETag": etagHeader()})
	}
	return responses
}

func etagHeader() *huma.Header {
	return headerOf(huma.TypeString, "The version that the memory is at, in quotes, for If-Match.")
}

func headerOf(kind, description string) *huma.Header {
	return &huma.Header{Description: description, Schema: &huma.Schema{Type: kind}}
}
