// Package api is the one door to AUREN: every operation that a program or a person can ask for is an Operation, one row
// with its name, the scope it needs, the types of its request and answer, and its documentation. Transports (HTTP, the
// command line, and those to come) only bind rows: they say where the parts of a request stand and how an answer looks.
//
// # A call
//
//	Caller, Operation ──Admit──▶ Admission ──Run(request)──▶ Reply, or an error
//
// Admit checks the caller and asks the Authorizer; nothing can be run without an Admission. A request is a JSON object,
// read by the Decoder of its row, which every transport uses: so an unknown field, a bound and a missing value are the
// same error everywhere. ProblemOf is the one table of how errors are shown.
//
// # A typed call
//
// Remember.Call(ctx, door, caller, request) makes the same call through any Door: a Service in this process, or a server
// elsewhere. The request is encoded and decoded on both, so the two cannot differ in what they accept.
package api

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
)

// Door carries out operations. A request is a JSON object; the error is one that ProblemOf tells all about.
type Door interface {
	// Do carries out an operation that does not stream.
	Do(ctx context.Context, c Caller, op *Operation, request []byte) (Reply, error)
	// Follow carries out one that does: it calls each with page after page, the first of them without events and with where
	// it begins. It returns with the error of each, when the end that was asked for is reached, with nil, and when ctx
	// ends, with its error.
	Follow(ctx context.Context, c Caller, op *Operation, request []byte, each func(Page) error) error
}

// Call makes the operation's call through a door.
func (q Query[Q, R]) Call(ctx context.Context, d Door, c Caller, request Q) (R, error) {
	var none R
	raw, err := encodeRequest(request)
	if err != nil {
		return none, err
	}
	reply, err := d.Do(ctx, c, q.Operation, raw)
	if err != nil {
		return none, err
	}
	return reply.Body.(R), nil
}

// Call makes the operation's call through a door.
func (s Stream[Q]) Call(ctx context.Context, d Door, c Caller, request Q, each func(Page) error) error {
	raw, err := encodeRequest(request)
	if err != nil {
		return err
	}
	return d.Follow(ctx, c, s.Operation, raw, each)
}

func encodeRequest(request any) ([]byte, error) {
	raw, err := Encode(request)
	if err != nil {
		return nil, domain.Invalidf("", "the request must be valid JSON: %v", err)
	}
	return raw, nil
}

// Encode writes JSON as people expect to see it, with < > & as they stand.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Admission is a caller who may use an operation.
type Admission struct {
	service *Service
	caller  Caller
	op      *Operation
}

// Admit checks a caller and whether it may use an operation.
func (s *Service) Admit(c Caller, op *Operation) (Admission, error) {
	c, err := c.Check()
	if err != nil {
		return Admission{}, err
	}
	return Admission{s, c, op}, s.deps.Authorize(c, op)
}

// Run carries out the operation on a request that was read by its Decoder: a pointer to an Operation.Request.
func (a Admission) Run(ctx context.Context, request any) (Reply, error) {
	return a.op.run(a.service, ctx, a.caller, request)
}

// Follow is Run for an operation that streams; see Door.Follow.
func (a Admission) Follow(ctx context.Context, request any, each func(Page) error) error {
	return a.op.follow(a.service, ctx, a.caller, request, each)
}

// Do carries out an operation on a request that has not been read yet.
func (s *Service) Do(ctx context.Context, c Caller, op *Operation, request []byte) (Reply, error) {
	a, read, err := s.admit(c, op, request)
	if err != nil {
		return Reply{}, shown(err)
	}
	reply, err := a.Run(ctx, read)
	return reply, shown(err)
}

// Follow is Do for an operation that streams.
func (s *Service) Follow(ctx context.Context, c Caller, op *Operation, request []byte, each func(Page) error) error {
	a, read, err := s.admit(c, op, request)
	if err != nil {
		return shown(err)
	}
	return shown(a.Follow(ctx, read, each))
}

// admit is Admit with a request, which it reads.
func (s *Service) admit(c Caller, op *Operation, raw []byte) (Admission, any, error) {
	a, err := s.Admit(c, op)
	if err != nil {
		return a, nil, err
	}
	if int64(len(raw)) > op.MaxRequest {
		return a, nil, decode.TooLarge(op.MaxRequest)
	}
	request := op.NewRequest()
	return a, request, op.decoder.JSON(raw, request)
}
