package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/commands"
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
		{api.GetMemory.Operation, http.MethodGet, "/v1/memories/{id}", 0},
		{api.ListMemories.Operation, http.MethodGet, "/v1/memories", 0},
		{api.GetHistory.Operation, http.MethodGet, "/v1/memories/{id}/history", 0},
		{api.ListRecent.Operation, http.MethodGet, "/v1/memories/recent", 0},
		{api.SearchMemories.Operation, http.MethodPost, "/v1/memories/search", 0},
		{api.GetStats.Operation, http.MethodGet, "/v1/stats", 0},
		{api.GetPosition.Operation, http.MethodGet, "/v1/position", 0},
		{api.ReadStream.Operation, http.MethodGet, "/v1/streams/{id}/events", 0},
		{api.ReadLog.Operation, http.MethodGet, "/v1/events", 0},
		{api.FollowLog.Operation, http.MethodGet, "/v1/events/live", 0},
		{api.ListProjections.Operation, http.MethodGet, "/projections", 0},
	}
}

// HasBody tells whether a request stands in the body.
func (r Route) HasBody() bool { return r.Method == http.MethodPost || r.Method == http.MethodPatch }

// inPath names what stands in the path rather than with the rest of a request.
func (r Route) inPath() []string {
	if strings.Contains(r.Path, "{id}") {
		return []string{"id"}
	}
	return nil
}

// expecting is a request that can be made to depend on a version.
type expecting interface{ Expect(version int) int }

// matches tells whether If-Match has a meaning.
func (r Route) matches() bool {
	_, ok := r.NewRequest().(expecting)
	return ok || r.Operation == api.GetMemory.Operation
}

// binder collects what is served: each route is served and described in one go. Huma routes and describes; reading is the
// api's own, since huma validates one decoding of a body and uses another.
type binder struct {
	server *Server
	huma   huma.API
}

// bind serves and describes a route.
func (b *binder) bind(route Route) {
	if route.status == 0 {
		route.status = http.StatusOK
	}
	s, rest := b.server, decode.New(route.Request, route.inPath()...)
	whole := decode.New(route.Request)
	b.handle(describe(b.huma.OpenAPI(), route), func(w http.ResponseWriter, r *http.Request) error {
		c, err := readCaller(r)
		if err != nil {
			return err
		}
		admitted, err := s.api.Admit(c.Caller, route.Operation)
		if err != nil {
			return err
		}
		request := route.NewRequest()
		for _, name := range route.inPath() {
			if err := whole.Text(name, []string{r.PathValue(name)}, request); err != nil {
				return err
			}
		}
		if err := s.readRest(w, r, route, rest, request); err != nil {
			return err
		}
		if route.Streams {
			return s.serveFeed(w, r, admitted, request)
		}
		if err := c.match.apply(route, request); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.config.RequestTimeout)
		defer cancel()
		reply, err := admitted.Run(ctx, request)
		if err == nil {
			err = c.match.check(route, reply)
		}
		if err != nil {
			return c.match.failed(err)
		}
		return writeReply(w, route, reply)
	})
}

// readRest reads what does not stand in the path.
func (s *Server) readRest(w http.ResponseWriter, r *http.Request, route Route, rest *decode.Decoder, request any) error {
	if route.HasBody() {
		if err := noParameters(r); err != nil {
			return err
		}
		raw, err := readBody(w, r, route.MaxRequest, s.config.BodyTimeout)
		if err != nil {
			return err
		}
		return rest.JSON(raw, request)
	}
	if err := rest.Parameters(r.URL.RawQuery, request); err != nil {
		return err
	}
	if r.ContentLength != 0 {
		return decode.Malformed(domain.Invalidf("", "the request must have no body"))
	}
	return nil
}

// handle routes an operation to a function that answers it itself or returns an error, to be answered as a problem.
func (b *binder) handle(op *huma.Operation, serve func(http.ResponseWriter, *http.Request) error) {
	b.huma.OpenAPI().AddOperation(op)
	b.huma.Adapter().Handle(op, func(c huma.Context) {
		r, w := humago.Unwrap(c)
		if err := serve(w, r); err != nil {
			b.server.writeProblem(w, r, err)
		}
	})
}

func writeReply(w http.ResponseWriter, route Route, reply api.Reply) error {
	body, err := api.Encode(reply.Body)
	if err != nil {
		return err
	}
	h := w.Header()
	if reply.Version > 0 {
		h.Set("ETag", etag(reply.Version))
	}
	if reply.SequenceID > 0 {
		h.Set(headerSequenceID, strconv.FormatInt(reply.SequenceID, 10))
	}
	if made, ok := reply.Body.(commands.Receipt); ok && route.status == http.StatusCreated {
		h.Set("Location", "/v1/memories/"+made.ID.String())
	}
	writeBody(w, "application/json", route.status, body)
	return nil
}

// writeBody answers with a whole body.
func writeBody(w http.ResponseWriter, contentType string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away does not get it
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
