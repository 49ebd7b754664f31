package api

import (
	"context"
	"reflect"

	"github.com/auren-memory/auren/cmd/internal/api/decode"
)

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
	if err := check(request); err != nil {
		return Reply{}, err
	}
	return a.op.run(a.service, ctx, a.caller, request)
}

// Follow is Run for an operation that streams; see Door.Follow.
func (a Admission) Follow(ctx context.Context, request any, each func(Page) error) error {
	if err := check(request); err != nil {
		return err
	}
	return a.op.follow(a.service, ctx, a.caller, request, each)
}

// check looks at what the tags of a request cannot say.
func check(request any) error {
	if r, ok := request.(interface{ Check() error }); ok {
		return r.Check()
	}
	return nil
}

// Do carries out an operation on a request that has not been read yet.
func (s *Service) Do(ctx context.Context, c Caller, op *Operation, request []byte) (Reply, error) {
	a, err := s.Admit(c, op)
	if err != nil {
		return Reply{}, shown(err)
	}
	read, err := op.decode(request)
	if err != nil {
		return Reply{}, shown(err)
	}
	reply, err := a.Run(ctx, read)
	return reply, shown(err)
}

// Follow is Do for an operation that streams.
func (s *Service) Follow(ctx context.Context, c Caller, op *Operation, request []byte, each func(Page) error) error {
	a, err := s.Admit(c, op)
	if err != nil {
		return shown(err)
	}
	read, err := op.decode(request)
	if err != nil {
		return shown(err)
	}
	return shown(a.Follow(ctx, read, each))
}

func (o *Operation) decode(raw []byte) (any, error) {
	if int64(len(raw)) > o.MaxRequest {
		return nil, decode.TooLarge(o.MaxRequest)
	}
	request := reflect.New(o.Request)
	return request.Interface(), o.decoder.JSON(raw, request.Interface())
}
