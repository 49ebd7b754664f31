package httpapi

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/domain"
)

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
