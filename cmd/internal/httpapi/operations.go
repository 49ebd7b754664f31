package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"runtime"

	"github.com/danielgtaylor/huma/v2"

	"github.com/auren-memory/auren/cmd/internal/api"
)

type healthAnswer struct {
	Status string            `json:"status" doc:"live, ready or unready." example:"ready"`
	Checks map[string]string `json:"checks,omitempty" doc:"For each part ok, or what is wrong with it."`
}

type versionAnswer struct {
	Version string `json:"version" example:"v1.0.0"`
	API     int    `json:"api" doc:"The version of the API; clients of another one do not understand this server." example:"1"`
	Go      string `json:"go" doc:"The version of Go that built it." example:"go1.26.0"`
}

// bindProcess serves what is about this process. It needs no caller.
func (b *binder) bindProcess() {
	serve := func(op *huma.Operation, answer any) {
		b.handle(op, func(w http.ResponseWriter, r *http.Request) error { return writeAnswer(w, r, http.StatusOK, answer) })
	}
	serve(document[healthAnswer](b, "/health/live", "getLiveness", "Liveness", "Answers as long as the process can answer."), healthAnswer{Status: "live"})
	ready := document[healthAnswer](b, "/health/ready", "getReadiness", "Readiness", "200 if all parts work, else 503; either way it tells about each.")
	ready.Responses["503"] = &huma.Response{Description: http.StatusText(http.StatusServiceUnavailable), Content: ready.Responses["200"].Content}
	b.handle(ready, b.readiness)
	serve(document[versionAnswer](b, "/version", "getVersion", "Version", "What runs here."),
		versionAnswer{Version: b.operations.Version, API: api.Version, Go: runtime.Version()})
	if b.operations.Metrics != nil {
		b.handle(textDocument("/metrics", "getMetrics", "Metrics", "In the text format of Prometheus.", "text/plain"),
			func(w http.ResponseWriter, r *http.Request) error {
				b.operations.Metrics.ServeHTTP(w, r)
				return nil
			})
	}
}

func (b *binder) readiness(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	ready, parts := b.operations.Ready(ctx)
	if !ready {
		return writeAnswer(w, r, http.StatusServiceUnavailable, healthAnswer{Status: "unready", Checks: parts})
	}
	return writeAnswer(w, r, http.StatusOK, healthAnswer{Status: "ready", Checks: parts})
}

// writeAnswer answers a request that takes no parameters.
func writeAnswer(w http.ResponseWriter, r *http.Request, status int, answer any) error {
	if err := noParameters(r); err != nil {
		return err
	}
	return writeJSON(w, status, answer)
}

// bindDocuments serves the OpenAPI document. It comes last: it tells of everything registered before, and of itself.
func (b *binder) bindDocuments() {
	var asJSON, asYAML []byte
	serve := func(path, id, summary, mediaType string, body *[]byte) {
		b.handle(textDocument(path, id, summary, "This document.", mediaType), func(w http.ResponseWriter, _ *http.Request) error {
			writeBody(w, mediaType, http.StatusOK, *body)
			return nil
		})
	}
	serve("/openapi.json", "getOpenAPI", "OpenAPI", "application/json", &asJSON)
	serve("/openapi.yaml", "getOpenAPIYAML", "OpenAPI as YAML", "application/yaml", &asYAML)
	var err error
	if asJSON, asYAML, err = writeDocument(b.huma.OpenAPI()); err != nil {
		panic(err)
	}
}

// document describes an operation that answers with JSON.
func document[R any](b *binder, path, id, summary, detail string) *huma.Operation {
	registry := b.huma.OpenAPI().Components.Schemas
	op := textDocument(path, id, summary, detail, "application/json")
	op.Responses["200"].Content["application/json"].Schema = registry.Schema(reflect.TypeFor[R](), true, "")
	op.Responses["default"] = problemResponse(registry, "A problem.")
	return op
}

// textDocument describes an operation that answers with a document.
func textDocument(path, id, summary, detail, mediaType string) *huma.Operation {
	return &huma.Operation{
		Method: http.MethodGet, Path: path, OperationID: id, Summary: summary, Description: detail, Tags: []string{tagOperations},
		Responses: map[string]*huma.Response{
			"200": {Description: "The document.", Content: map[string]*huma.MediaType{mediaType: {}}},
		},
	}
}
