package httpapi

import (
	"errors"
	"net/http"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// A Route binds an operation to a method and a path. The id of a memory stands in the path; the rest of a request stands in
// the query of the URL where the method takes no body, else in the body.
type Route struct {
	*api.Operation
	Method, Path string
	// status of success; default 200.
	status int
}

// Routes returns every operation that is served, in the order in which documents list them.
func Routes() []Route {
	return []Route{
		{api.Remember.Operation, http.MethodPost, "/v1/memories", http.StatusCreated},
		{api.RememberBatch.Operation, http.MethodPost, "/v1/memories/batch", 0},
		{api.Revise.Operation, http.MethodPatch, "/v1/memories/{id}", 0},
		{api.AdjustConfidence.Operation, http.MethodPost, "/v1/memories/{id}/confidence", 0},
		{api.RecordEvidence.Operation, http.MethodPost, "/v1/memories/{id}/evidence", 0},
		{api.SetExpiry.Operation, http.MethodPost, "/v1/memories/{id}/expiry", 0},
		{api.Restore.Operation, http.MethodPost, "/v1/memories/{id}/restore", 0},
		{api.Forget.Operation, http.MethodDelete, "/v1/memories/{id}", 0},
		{api.ForgetMatching.Operation, http.MethodPost, "/v1/memories/forget", 0},
		{api.RestoreMatching.Operation, http.MethodPost, "/v1/memories/restore", 0},
		{api.GetMemory.Operation, http.MethodGet, "/v1/memories/{id}", 0},
		{api.ListMemories.Operation, http.MethodGet, "/v1/memories", 0},
		{api.GetHistory.Operation, http.MethodGet, "/v1/memories/{id}/history", 0},
		{api.ListRecent.Operation, http.MethodGet, "/v1/memories/recent", 0},
		{api.SearchMemories.Operation, http.MethodPost, "/v1/memories/search", 0},
		{api.GetStats.Operation, http.MethodGet, "/v1/stats", 0},
		{api.Diff.Operation, http.MethodGet, "/v1/diff", 0},
		{api.GetPosition.Operation, http.MethodGet, "/v1/position", 0},
		{api.ReadStream.Operation, http.MethodGet, "/v1/streams/{id}/events", 0},
		{api.ReadLog.Operation, http.MethodGet, "/v1/events", 0},
		{api.FollowLog.Operation, http.MethodGet, "/v1/events/live", 0},
		{api.ListProjections.Operation, http.MethodGet, "/projections", 0},
	}
}

// HasBody tells whether a request stands in the body.
func (r Route) HasBody() bool { return r.Method == http.MethodPost || r.Method == http.MethodPatch }

// expecting is a request that can be made to depend on a version.
type expecting interface{ Expect(version int) int }

// matches tells whether If-Match has a meaning.
func (r Route) matches() bool {
	_, ok := r.NewRequest().(expecting)
	return ok || r.Operation == api.GetMemory.Operation
}

// apply makes a request depend on the version of If-Match.
func (m match) apply(route Route, request any) error {
	if !m.given {
		return nil
	}
	e, ok := request.(expecting)
	switch {
	case !ok && route.Idempotent:
		return decode.Malformed(domain.Invalidf(headerMatch, "must be left out: this operation is about no version"))
	case ok && m.version > 0 && e.Expect(m.version) != m.version:
		return decode.Malformed(domain.Invalidf("expected_version", "must be %d, as If-Match says, or be left out", m.version))
	}
	return nil
}

// check compares the version of an answer with If-Match.
func (m match) check(route Route, reply api.Reply) error {
	if m.version > 0 && route.Operation == api.GetMemory.Operation && m.version != reply.Version {
		memory := reply.Body.(queries.Memory).ID.String()
		return &domain.VersionConflictError{Stream: memory, Expected: m.version, Actual: reply.Version}
	}
	return nil
}

// failed says that a conflict is one with If-Match.
func (m match) failed(err error) error {
	if _, ok := errors.AsType[*domain.VersionConflictError](err); ok && m.given {
		return &httpError{http.StatusPreconditionFailed, "precondition-failed", "Precondition Failed", err}
	}
	return err
}
