package httpapi

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describeHeaders tells the headers of a success.
func describeHeaders(op operation) map[string]*huma.Header {
	if op.tag == tagOperations {
		return nil
	}
	headers := map[string]*huma.Header{
		"Auren-Sequence-Id": headerOf(huma.TypeInteger, "The sequence_id that the answer reflects, or that the command was given."),
	}
	created := op.status == http.StatusCreated
	if op.matches || created {
		headers["ETag"] = etagHeader()
	}
	if created {
		headers["Location"] = headerOf(huma.TypeString, "The path of the new memory.")
	}
	return headers
}

// describeProblems tells which errors an operation answers with: those of a kind of request, and as default whatever
// else may come up, such as a failure inside.
func describeProblems(registry huma.Registry, op operation, hasBody bool) map[string]*huma.Response {
	content := map[string]*huma.MediaType{
		"application/problem+json": {Schema: registry.Schema(reflect.TypeFor[Problem](), true, "")},
	}
	responses := map[string]*huma.Response{"default": {Description: "A problem.", Content: content}}
	if op.tag == tagOperations {
		return responses
	}
	add := func(status int, description string, headers map[string]*huma.Header) {
		responses[strconv.Itoa(status)] = &huma.Response{Description: description, Headers: headers, Content: content}
	}
	add(http.StatusBadRequest, "The request cannot be read.", nil)
	add(http.StatusForbidden, "The request may not be made from there.", nil)
	add(http.StatusUnprocessableEntity, "A field, parameter or header is not acceptable; errors names it.", nil)
	add(http.StatusServiceUnavailable, "Not for the moment: something is away, or behind what was asked for.", map[string]*huma.Header{
		"Retry-After": headerOf(huma.TypeInteger, "After how many seconds to try again."),
	})
	if hasBody {
		add(http.StatusRequestEntityTooLarge, "The body is too large.", nil)
		add(http.StatusUnsupportedMediaType, "The body is no JSON.", nil)
	}
	if strings.Contains(op.path, "{id}") {
		add(http.StatusNotFound, "There is no such memory.", nil)
	}
	if op.tag == tagCommands && (op.matches || op.status == http.StatusCreated) {
		add(http.StatusConflict, "The memory is not in a state, or at a version, for this.", map[string]*huma.Header{"ETag": etagHeader()})
	}
	if op.matches {
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
