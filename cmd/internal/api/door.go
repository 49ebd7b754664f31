package api

import (
	"bytes"
	"context"
	"encoding/json"

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
