package api

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/queries"
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

	decoder *decode.Decoder
	run     func(s *Service, ctx context.Context, c Caller, request any) (Reply, error)
	follow  func(s *Service, ctx context.Context, c Caller, request any, each func(Page) error) error
}

// Deps is what operations are carried out with. A process that serves some of them only leaves the rest out.
type Deps struct {
	Commands *commands.Handler
	Queries  *queries.Reader
	Log      *eventstore.Log
	// LogWatcher watches eventstore.LogChannel and must be running, else streams are late.
	LogWatcher *eventstore.Watcher
	// Projections tells how far the projections are.
	Projections func(ctx context.Context) ([]projections.Status, error)
	// Authorize decides who may do what; default AllowAll.
	Authorize Authorizer
}

// Service carries out operations in this process. It is a Door, safe for concurrent use.
type Service struct{ deps Deps }

// New makes a service.
func New(deps Deps) *Service {
	if deps.Authorize == nil {
		deps.Authorize = AllowAll
	}
	return &Service{deps}
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
	o.decoder = decode.New(request)
	_, o.OnMemory = request.FieldByName("MemoryID")
	if o.MaxRequest == 0 {
		o.MaxRequest = maxRequest
	}
	return o
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

// An Authorizer decides whether a caller may use an operation: nil if so, else an error of kind domain.Forbidden that says
// why. It must be safe for concurrent use.
type Authorizer func(c Caller, op *Operation) error

// AllowAll lets everybody use everything.
func AllowAll(Caller, *Operation) error { return nil }

// Page is a piece of a log.
type Page struct {
	Events     []eventstore.Event `json:"events"`
	Next       int64              `json:"next" doc:"Go on after it: everything up to it has been looked at."`
	SequenceID int64              `json:"sequence_id" doc:"The end of the log that the answer reflects; nothing is left where next has reached it."`
}
