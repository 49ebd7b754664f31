package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/auren-memory/auren/domain"
)

// Problem is how every error is answered (RFC 9457, application/problem+json).
type Problem struct {
	Type   string       `json:"type" format:"uri" doc:"What kind of problem it is, for programs; it never changes." example:"urn:auren:problem:invalid"`
	Title  string       `json:"title" doc:"The kind of problem, for people." example:"Not acceptable"`
	Status int          `json:"status" doc:"The HTTP status, once more." example:"422"`
	Detail string       `json:"detail" doc:"What is wrong in this case, and what is allowed." example:"confidence: is 1.5; a number from 0 to 1 is allowed"`
	Errors []FieldError `json:"errors,omitempty" doc:"The fields, parameters or headers at fault."`
	// The versions of a conflict.
	ExpectedVersion *int `json:"expected_version,omitempty" doc:"In a conflict of versions: the version that was expected."`
	ActualVersion   *int `json:"actual_version,omitempty" doc:"In a conflict of versions: the version that the memory is at."`
	// RequestID finds the log entry of an internal error.
	RequestID string `json:"request_id,omitempty" doc:"In an internal error: what to look for in the server's log."`

	header http.Header
}

// FieldError says what is wrong with one field.
type FieldError struct {
	Field   string `json:"field" doc:"Where it stands, as the caller wrote it." example:"memories[7].confidence"`
	Message string `json:"message" doc:"What is wrong with it, and what is allowed." example:"is 1.5; a number from 0 to 1 is allowed"`
}

const problemType = "urn:auren:problem:"

// refusal is an error of HTTP itself, with the status it is answered with.
type refusal struct {
	status int
	slug   string
	title  string
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// malformed says that a request cannot be read: what it says was not even looked at.
func malformed(err error) error {
	return &refusal{http.StatusBadRequest, "malformed", "The request cannot be read", err}
}

func tooLarge(limit int64) error {
	return &refusal{http.StatusRequestEntityTooLarge, "too-large", "The body is too large",
		domain.Invalidf("", "the body is too large; at most %d bytes are allowed", limit)}
}

func unsupported(header, message string) error {
	return &refusal{http.StatusUnsupportedMediaType, "unsupported-media-type", "Unsupported media type",
		domain.Invalidf(header, "%s", message)}
}

// preconditionFailed is a conflict with the version that If-Match named.
func preconditionFailed(err error) error {
	return &refusal{http.StatusPreconditionFailed, "precondition-failed", "The memory has another version", err}
}

// ofKind is the one table of what each kind of error is answered with.
func ofKind(kind domain.Kind) (status int, slug, title string) {
	switch kind {
	case domain.Invalid:
		return http.StatusUnprocessableEntity, "invalid", "Not acceptable"
	case domain.NotFound:
		return http.StatusNotFound, "not-found", "Not found"
	case domain.Conflict:
		return http.StatusConflict, "conflict", "Conflict with the present state"
	case domain.Reused:
		return http.StatusUnprocessableEntity, "command-id-reused", "The Idempotency-Key was used for another command"
	case domain.Forbidden:
		return http.StatusForbidden, "forbidden", "Not allowed"
	case domain.Unavailable:
		return http.StatusServiceUnavailable, "unavailable", "Not available for the moment"
	}
	return http.StatusInternalServerError, "internal", "Internal error"
}

// problemOf says how an error is answered. What is internal hides its text.
func problemOf(err error) Problem {
	if errors.Is(err, context.DeadlineExceeded) && domain.KindOf(err) == domain.Internal {
		err = domain.Errorf(domain.Unavailable, "the answer took too long; try again")
	}
	var p Problem
	p.Status, p.Type, p.Title = ofKind(domain.KindOf(err))
	if r, ok := errors.AsType[*refusal](err); ok {
		p.Status, p.Type, p.Title = r.status, r.slug, r.title
	}
	p.Type = problemType + p.Type
	p.describe(err)
	if p.Status == http.StatusServiceUnavailable {
		p.header = http.Header{"Retry-After": {"1"}}
	}
	return p
}

func (p *Problem) describe(err error) {
	if conflict, ok := asVersionConflict(err); ok {
		p.Detail = conflict.Error()
		p.ExpectedVersion, p.ActualVersion = &conflict.Expected, &conflict.Actual
		p.header = http.Header{"Etag": {etag(conflict.Actual)}}
		return
	}
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind == domain.Internal {
		p.Detail = "something went wrong inside; the log has the details under the request_id"
		return
	}
	named := *e
	if named.Kind == domain.Reused {
		named.Field = "Idempotency-Key"
	}
	p.Detail = named.Error()
	if named.Field != "" {
		p.Errors = []FieldError{{Field: named.Field, Message: named.Message}}
	}
}

func asVersionConflict(err error) (*domain.VersionConflictError, bool) {
	return errors.AsType[*domain.VersionConflictError](err)
}

// write answers with the problem.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	body, err := encode(p)
	if err != nil {
		panic("httpapi: a problem cannot be encoded: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}
