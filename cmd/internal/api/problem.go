package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
)

// Problem is how every transport shows an error (RFC 9457).
type Problem struct {
	Type            string       `json:"type" format:"uri" doc:"What kind of problem it is, for programs; it never changes." example:"urn:auren:problem:invalid"`
	Title           string       `json:"title" doc:"The kind of problem, for people." example:"Unprocessable Content"`
	Status          int          `json:"status" doc:"The HTTP status, once more." example:"422"`
	Detail          string       `json:"detail" doc:"What must hold and does not." example:"confidence: must be between 0 and 1, got 1.5"`
	Errors          []FieldError `json:"errors,omitempty" doc:"The fields, parameters or headers at fault."`
	ExpectedVersion *int         `json:"expected_version,omitempty" doc:"In a conflict of versions: the version that was expected."`
	ActualVersion   *int         `json:"actual_version,omitempty" doc:"In a conflict of versions: the version that the memory is at."`
	RequestID       string       `json:"request_id,omitempty" doc:"In an internal error: what to look for in the server's log."`
}

// FieldError says what is wrong with one field.
type FieldError struct {
	Field   string `json:"field" doc:"Where it stands, as the caller wrote it." example:"memories[7].confidence"`
	Message string `json:"message" doc:"What must hold and does not." example:"must be between 0 and 1, got 1.5"`
}

// ProblemType is the type of a kind of problem.
func ProblemType(slug string) string { return "urn:auren:problem:" + slug }

// row is one line of the table of problems.
type row struct {
	kind        domain.Kind
	status      int
	slug, title string
}

// table says how each kind of error is shown: one without a row like the first.
func table() []row {
	return []row{
		{domain.Internal, http.StatusInternalServerError, "internal", "Internal Server Error"},
		{decode.KindMalformed, http.StatusBadRequest, "malformed", "Bad Request"},
		{decode.KindTooLarge, http.StatusRequestEntityTooLarge, "too-large", "Content Too Large"},
		{domain.Invalid, http.StatusUnprocessableEntity, "invalid", "Unprocessable Content"},
		{domain.NotFound, http.StatusNotFound, "not-found", "Not Found"},
		{domain.Conflict, http.StatusConflict, "conflict", "Conflict"},
		{domain.Reused, http.StatusUnprocessableEntity, "command-id-reused", "Command id reused"},
		{domain.Forbidden, http.StatusForbidden, "forbidden", "Forbidden"},
		{domain.Unavailable, http.StatusServiceUnavailable, "unavailable", "Service Unavailable"},
	}
}

// ProblemOf says how an error is shown. What is internal hides its text.
func ProblemOf(err error) Problem {
	if told, ok := errors.AsType[*ProblemError](err); ok {
		return told.Problem
	}
	kind := domain.KindOf(err)
	if kind == domain.Internal && errors.Is(err, context.DeadlineExceeded) {
		kind, err = domain.Unavailable, domain.Errorf(domain.Unavailable, "the answer took too long; try again")
	}
	rows := table()
	r := rows[max(0, slices.IndexFunc(rows, func(r row) bool { return r.kind == kind }))]
	p := Problem{Type: ProblemType(r.slug), Title: r.title, Status: r.status}
	p.describe(err)
	return p
}

func (p *Problem) describe(err error) {
	if conflict, ok := errors.AsType[*domain.VersionConflictError](err); ok {
		p.Detail = conflict.Error()
		p.ExpectedVersion, p.ActualVersion = &conflict.Expected, &conflict.Actual
		return
	}
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind == domain.Internal {
		p.Detail = "something went wrong inside; the server's log has the details under the request_id"
		return
	}
	p.Detail = e.Error()
	if e.Field != "" {
		p.Errors = []FieldError{{Field: e.Field, Message: e.Message}}
	}
}

// ProblemError is an error together with how it is shown. It unwraps to the error itself, or what stands for it here.
type ProblemError struct {
	Problem
	cause error
}

// Error is the problem's detail.
func (e *ProblemError) Error() string { return e.Detail }

// Unwrap returns the error that the problem stands for.
func (e *ProblemError) Unwrap() error { return e.cause }

// shown is an error as a caller in this process sees it, in the words in which one elsewhere does. One that is internal keeps
// its text: there is no log to look it up in.
func shown(err error) error {
	switch domain.KindOf(err) {
	case domain.Internal:
		return err
	case decode.KindMalformed, decode.KindTooLarge:
		return ErrorOf(ProblemOf(err), "")
	}
	return &ProblemError{ProblemOf(err), err}
}

// ErrorOf is the error that a problem stands for; memory is the id that the request named, or "".
func ErrorOf(p Problem, memory string) error {
	if p.ExpectedVersion != nil && p.ActualVersion != nil {
		return &ProblemError{p, &domain.VersionConflictError{Stream: memory, Expected: *p.ExpectedVersion, Actual: *p.ActualVersion}}
	}
	stands := &domain.Error{Kind: domain.Internal, Message: p.Detail}
	for _, r := range table() {
		if ProblemType(r.slug) == p.Type {
			stands.Kind = r.kind
		}
	}
	if len(p.Errors) > 0 {
		stands.Field, stands.Message = p.Errors[0].Field, p.Errors[0].Message
	}
	switch stands.Kind {
	case decode.KindMalformed, decode.KindTooLarge:
		stands.Kind = domain.Invalid
	case domain.Internal:
		return &ProblemError{p, errors.New(p.Detail)}
	}
	return &ProblemError{p, stands}
}
