package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/auren-memory/auren/domain"
)

// Version of the contract: a change that a client of the version before would misunderstand adds one.
const Version = 1

// Scope is what a caller must be allowed to do for an operation.
type Scope string

// The scopes.
const (
	Read    Scope = "read"    // questions about memories
	Write   Scope = "write"   // commands
	Audit   Scope = "audit"   // the events themselves
	Erase   Scope = "erase"   // removing what was said for good
	Operate Scope = "operate" // how the service is
	Keys    Scope = "keys"    // who may do what
)

// The sizes of requests, in bytes. JSON may take up to three times of what it stands for when it is escaped.
const (
	maxRequest      = 4 << 20  // a memory of the largest content
	maxBatchRequest = 32 << 20 // a thousand memories of 9 kB
)

// Operation is one row: what a transport, a document and an authorizer need to know of an operation.
type Operation struct {
	// Name is unique and never changes.
	Name string
	// Scope that the caller needs.
	Scope Scope
	// Summary says what it does in one line, Detail what there is to know besides.
	Summary, Detail string
	// Example of a request, without the id of the memory; default none.
	Example string
	// Idempotent says that a command id makes it safe to repeat.
	Idempotent bool
	// OnMemory says that it is about the one memory named by id.
	OnMemory bool
	// MaxRequest is the size of the largest request, in bytes.
	MaxRequest int64
	// Streams says that it answers with pages of events, by Door.Follow, rather than with one answer.
	Streams bool
	// Request and Answer are structs whose tags say how they are read and described. Answer is nil where it Streams.
	Request, Answer reflect.Type

	decoder *Decoder
	run     func(s *Service, ctx context.Context, c Caller, request any) (Reply, error)
	follow  func(s *Service, ctx context.Context, c Caller, request any, each func(Page) error) error
}

// Reply is what an operation answers with, and what transports may say beside it.
type Reply struct {
	// Body is of the type Operation.Answer.
	Body any
	// Version that the memory is at; 0 where it is not about one.
	Version int
	// SequenceID is the end of the log that the answer reflects, or that the command was given; 0 where there is none.
	SequenceID int64
}

// Door carries out operations. A request is a JSON object; the error is one that ProblemOf tells all about.
type Door interface {
	// Do carries out an operation that does not stream.
	Do(ctx context.Context, c Caller, op *Operation, request []byte) (Reply, error)
	// Follow carries out one that does: it calls each with page after page, the first of them without events and with where
	// it begins. It returns with the error of each, when the end that was asked for is reached, with nil, and when ctx
	// ends, with its error.
	Follow(ctx context.Context, c Caller, op *Operation, request []byte, each func(Page) error) error
}

// Query is an operation with its types.
type Query[Q, R any] struct{ *Operation }

// define makes a row of a function that carries it out.
func define[Q, R any](op Operation, run func(s *Service, ctx context.Context, c Caller, request *Q) (answer[R], error)) Query[Q, R] {
	op.Answer = reflect.TypeFor[R]()
	op.run = func(s *Service, ctx context.Context, c Caller, request any) (Reply, error) {
		a, err := run(s, ctx, c, request.(*Q))
		return Reply{Body: a.body, Version: a.version, SequenceID: a.sequenceID}, err
	}
	return Query[Q, R]{op.complete(reflect.TypeFor[Q]())}
}

// answer is a Reply with its type.
type answer[R any] struct {
	body       R
	version    int
	sequenceID int64
}

func (o *Operation) complete(request reflect.Type) *Operation {
	o.Request = request
	o.decoder = NewDecoder(request)
	_, o.OnMemory = request.FieldByName("MemoryID")
	if o.MaxRequest == 0 {
		o.MaxRequest = maxRequest
	}
	return o
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

// Stream is an operation that streams, with the type of its request.
type Stream[Q any] struct{ *Operation }

func defineStream[Q any](op Operation, follow func(s *Service, ctx context.Context, c Caller, request *Q, each func(Page) error) error) Stream[Q] {
	op.Streams = true
	op.follow = func(s *Service, ctx context.Context, c Caller, request any, each func(Page) error) error {
		return follow(s, ctx, c, request.(*Q), each)
	}
	return Stream[Q]{op.complete(reflect.TypeFor[Q]())}
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

// NewRequest returns a pointer to an empty request.
func (o *Operation) NewRequest() any { return reflect.New(o.Request).Interface() }

// DecodeAnswer reads an answer of the operation.
func (o *Operation) DecodeAnswer(raw []byte) (any, error) {
	answer := reflect.New(o.Answer)
	if err := json.Unmarshal(raw, answer.Interface()); err != nil {
		return nil, fmt.Errorf("answer to %s: %w", o.Name, err)
	}
	return answer.Elem().Interface(), nil
}

// Operations returns every row, commands first.
func Operations() []*Operation {
	return []*Operation{
		Remember.Operation, RememberBatch.Operation, Revise.Operation, AdjustConfidence.Operation, RecordEvidence.Operation,
		SetExpiry.Operation, Restore.Operation, Forget.Operation, ForgetMatching.Operation,
		GetMemory.Operation, ListMemories.Operation, SearchMemories.Operation, GetHistory.Operation, ListRecent.Operation,
		GetStats.Operation, GetPosition.Operation,
		ReadStream.Operation, ReadLog.Operation, FollowLog.Operation,
		ListProjections.Operation,
	}
}
