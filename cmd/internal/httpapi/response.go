package httpapi

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/domain"
)

// response remembers the status of an answer, and holds back what the mux itself says where nothing matches: that is
// plain text, and is answered as a problem instead.
type response struct {
	http.ResponseWriter
	request *http.Request
	// status of the answer; 0 before it has begun.
	status int
	// matched says that the answer is ours although no operation matched.
	matched bool
	// live says that the answer is a feed.
	live bool
}

// WriteHeader begins the answer.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if w.ours() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write goes on with the answer.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.ours() {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) ours() bool { return w.matched || w.request.Pattern != "" }

// writeJSON answers with JSON.
func writeJSON(w http.ResponseWriter, status int, answer any) error {
	body, err := api.Encode(answer)
	if err == nil {
		writeBody(w, "application/json", status, body)
	}
	return err
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

// httpError is an error of HTTP itself, with what it is answered with.
type httpError struct {
	status      int
	slug, title string
	err         error
}

func (e *httpError) Error() string { return e.err.Error() }
func (e *httpError) Unwrap() error { return e.err }

func unsupported(header, message string) error {
	return &httpError{http.StatusUnsupportedMediaType, "unsupported-media-type", "Unsupported Media Type",
		domain.Invalidf(header, "%s", message)}
}

// problemOf says how an error is answered.
func problemOf(err error) api.Problem {
	if domain.KindOf(err) == domain.Reused {
		err = inHeaders(err)
	}
	p := api.ProblemOf(err)
	if e, ok := errors.AsType[*httpError](err); ok {
		p.Type, p.Title, p.Status = api.ProblemType(e.slug), e.title, e.status
	}
	return p
}

// writeProblem answers with the problem that an error is. One that is internal is logged. Where an answer has begun
// already, or the client has gone, there is nobody to tell.
func writeProblem(log *zap.Logger, w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError {
		if r.Context().Err() != nil {
			return
		}
		p.RequestID = uuid.NewString()
		log.Error("a request failed", zap.String("request_id", p.RequestID), zap.String("method", r.Method),
			zap.String("route", r.Pattern), zap.Error(err))
	}
	if begun, ok := w.(*response); ok && begun.status != 0 {
		return
	}
	body, err := api.Encode(p)
	if err != nil {
		panic("httpapi: a problem cannot be encoded: " + err.Error())
	}
	h := w.Header()
	if p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	if p.ActualVersion != nil {
		h.Set("ETag", etag(*p.ActualVersion))
	}
	writeBody(w, "application/problem+json", p.Status, body)
}
