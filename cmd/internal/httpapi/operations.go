package httpapi

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/auren-memory/auren/domain"
)

// Projection says how far one projection of one tenant is. Its fields are those of projections.Status.
type Projection struct {
	Tenant        domain.Tenant `json:"tenant" example:"default"`
	Projection    string        `json:"projection" example:"agent_memories"`
	Version       int           `json:"version" doc:"Of the projection that made the rows; 0 if there are none yet."`
	SequenceID    int64         `json:"sequence_id" doc:"The last event applied."`
	Head          int64         `json:"head" doc:"The last event of the log."`
	Lag           int64         `json:"lag" doc:"How many events have not been applied yet."`
	LagSeconds    float64       `json:"lag_seconds" doc:"The age of the first event that has not been applied."`
	UpdatedAt     *time.Time    `json:"updated_at" doc:"When an event was applied last."`
	Holder        string        `json:"holder" doc:"The process that leads; empty if none does."`
	Term          int64         `json:"term" doc:"How often the lead was taken."`
	StoppedAt     *int64        `json:"stopped_at" doc:"The event that cannot be applied; 0 where it stopped and no event is at fault, null where it did not stop."`
	StoppedReason string        `json:"stopped_reason,omitempty" doc:"Why it cannot."`
	State         string        `json:"state" enum:"idle,moving,stuck,stopped" doc:"Stuck if it is behind and has not moved for ten seconds."`
}

type projectionsAnswer struct {
	Projections []Projection `json:"projections"`
}

type healthAnswer struct {
	Status string            `json:"status" doc:"live, ready or unready." example:"ready"`
	Checks map[string]string `json:"checks,omitempty" doc:"For each part ok, or what is wrong with it."`
}

type versionAnswer struct {
	Version string `json:"version" example:"v1.0.0"`
	Go      string `json:"go" doc:"The version of Go that built it." example:"go1.26.0"`
}

func (a *api) operating() {
	s := a.server
	register(a, operation{
		method: http.MethodGet, path: "/health/live", id: "getLiveness", tag: tagOperations,
		summary: "Liveness", detail: "Answers as long as the process can answer.",
	}, func(context.Context, *call[none, none]) (answer[healthAnswer], error) {
		return answer[healthAnswer]{body: healthAnswer{Status: "live"}}, nil
	})
	register(a, operation{
		method: http.MethodGet, path: "/health/ready", id: "getReadiness", tag: tagOperations, unready: http.StatusServiceUnavailable,
		summary: "Readiness", detail: "200 if all parts work, else 503; either way it tells about each.",
	}, s.readiness)
	register(a, operation{
		method: http.MethodGet, path: "/version", id: "getVersion", tag: tagOperations,
		summary: "Version", detail: "What runs here.",
	}, func(context.Context, *call[none, none]) (answer[versionAnswer], error) {
		return answer[versionAnswer]{body: versionAnswer{Version: s.deps.Version, Go: runtime.Version()}}, nil
	})
	if s.deps.Projections != nil {
		register(a, operation{
			method: http.MethodGet, path: "/projections", id: "listProjections", tag: tagOperations,
			summary: "Projections", detail: "How far the read models of each tenant are, and who keeps them up to date.",
		}, s.projections)
	}
	if s.deps.Metrics != nil {
		a.handle(textOperation("/metrics", "getMetrics", "Metrics", "In the text format of Prometheus.", "text/plain"),
			func(w http.ResponseWriter, r *http.Request) error {
				s.deps.Metrics.ServeHTTP(w, r)
				return nil
			})
	}
}

func (s *Server) readiness(ctx context.Context, _ *call[none, none]) (answer[healthAnswer], error) {
	ready, parts := s.deps.Ready(ctx)
	if !ready {
		return answer[healthAnswer]{status: http.StatusServiceUnavailable, body: healthAnswer{Status: "unready", Checks: parts}}, nil
	}
	return answer[healthAnswer]{body: healthAnswer{Status: "ready", Checks: parts}}, nil
}

func (s *Server) projections(ctx context.Context, _ *call[none, none]) (answer[projectionsAnswer], error) {
	all, err := s.deps.Projections(ctx)
	if all == nil {
		all = []Projection{}
	}
	return answer[projectionsAnswer]{body: projectionsAnswer{Projections: all}}, err
}

// documents serves the OpenAPI document. It comes last: it tells of everything registered before, and of itself.
func (a *api) documents() {
	var asJSON, asYAML []byte
	a.handle(textOperation("/openapi.json", "getOpenAPI", "OpenAPI", "This document.", "application/json"),
		func(w http.ResponseWriter, _ *http.Request) error {
			writeBody(w, "application/json", http.StatusOK, asJSON)
			return nil
		})
	a.handle(textOperation("/openapi.yaml", "getOpenAPIYAML", "OpenAPI as YAML", "This document.", "application/yaml"),
		func(w http.ResponseWriter, _ *http.Request) error {
			writeBody(w, "application/yaml", http.StatusOK, asYAML)
			return nil
		})
	var err error
	if asJSON, asYAML, err = document(a.huma.OpenAPI()); err != nil {
		panic(err)
	}
}

// textOperation describes an operation that answers with a document.
func textOperation(path, id, summary, detail, mediaType string) *huma.Operation {
	return &huma.Operation{
		Method: http.MethodGet, Path: path, OperationID: id, Summary: summary, Description: detail, Tags: []string{tagOperations},
		Responses: map[string]*huma.Response{
			"200": {Description: "The document.", Content: map[string]*huma.MediaType{mediaType: {}}},
		},
	}
}
