package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
)

// rememberBody has the fields of commands.Remember, so that one converts into the other.
type rememberBody struct {
	ID         *uuid.UUID      `json:"id,omitempty" doc:"Of the new memory; default is a new one. One that is taken is a conflict."`
	AgentID    string          `json:"agent_id" minLength:"1" maxLength:"100" doc:"The agent that remembers."`
	UserID     string          `json:"user_id" minLength:"1" maxLength:"255" doc:"Whom it is about."`
	Type       string          `json:"memory_type,omitempty" maxLength:"50" default:"observation" doc:"What sort of memory it is."`
	Content    json.RawMessage `json:"content" doc:"Any JSON value, of at most 1 MiB."`
	Confidence *float64        `json:"confidence,omitempty" minimum:"0" maximum:"1" default:"0.5" doc:"How sure the agent is."`
	Metadata   json.RawMessage `json:"metadata,omitempty" nullable:"false" doc:"A JSON object of at most 64 KiB to filter by; default {}."`
	ExpiresAt  *time.Time      `json:"expires_at,omitempty" doc:"From when on it is hidden; default never."`
	OccurredAt *time.Time      `json:"occurred_at,omitempty" doc:"When it happened; default now."`
	Reason     string          `json:"reason,omitempty" maxLength:"2000" doc:"Why it is remembered."`
}

type batchBody struct {
	// Memories are read one by one, since each has a result of its own.
	Memories []json.RawMessage `json:"memories" minItems:"1" maxItems:"1000" doc:"What to remember."`
	Reason   string            `json:"reason,omitempty" maxLength:"2000" doc:"Why, for those that give no reason of their own."`
}

// TransformSchema describes the memories.
func (batchBody) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["memories"].Items = r.Schema(reflect.TypeFor[rememberBody](), true, "")
	return s
}

type batchAnswer struct {
	Results []batchResult `json:"results" doc:"One for each memory, in their order."`
	// SequenceID is 0 where nothing was written.
	SequenceID int64 `json:"sequence_id" doc:"The highest of the results; 0 if nothing was remembered."`
}

type batchResult struct {
	Status int `json:"status" doc:"201, or the status of the problem." example:"201"`
	*commands.Receipt
	Problem *Problem `json:"problem,omitempty" doc:"Why this one was not remembered."`
}

// TransformSchema says that a result has either the fields of a receipt or a problem.
func (batchResult) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Required = []string{"status"}
	return s
}

const rememberExample = `{"agent_id":"coach","user_id":"ana","content":{"text":"Sleeps badly after late coffee"},` +
	`"memory_type":"observation","confidence":0.7,"metadata":{"topic":"sleep"},"reason":"told in the morning check-in"}`

func (a *api) remembering() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/memories", id: "remember", tag: tagCommands, status: http.StatusCreated,
		summary: "Remember", detail: "Opens a new memory.", example: rememberExample,
	}, a.server.remember)
	register(a, operation{
		method: http.MethodPost, path: "/v1/memories/batch", id: "rememberBatch", tag: tagCommands, bodyLimit: maxBatchBody,
		summary: "Remember up to 1,000",
		detail: "Opens many memories in one transaction. Each has a result of its own: one that cannot be remembered does not " +
			"touch the others. The Idempotency-Key covers the batch as a whole.",
		example: `{"memories":[` + rememberExample + `,{"agent_id":"coach","user_id":"ana","content":"Runs on Sundays"}]}`,
	}, a.rememberBatch())
}

func (s *Server) remember(ctx context.Context, c *call[none, rememberBody]) (answer[commands.Receipt], error) {
	req, err := c.unconditional("")
	if err != nil {
		return answer[commands.Receipt]{}, err
	}
	r, err := s.deps.Commands.Remember(ctx, req, commands.Remember(c.body))
	if err != nil {
		return answer[commands.Receipt]{}, err
	}
	a := receiptAnswer(r)
	a.location = "/v1/memories/" + r.ID.String()
	return a, nil
}

func receiptAnswer(r commands.Receipt) answer[commands.Receipt] {
	return answer[commands.Receipt]{body: r, version: r.Version, sequenceID: r.SequenceID}
}

func (a *api) rememberBatch() func(context.Context, *call[none, batchBody]) (answer[batchAnswer], error) {
	one := shapeOf(reflect.TypeFor[rememberBody]())
	return func(ctx context.Context, c *call[none, batchBody]) (answer[batchAnswer], error) {
		req, err := c.unconditional(c.body.Reason)
		if err != nil {
			return answer[batchAnswer]{}, err
		}
		batch, unreadable := readBatch(one, c.body.Memories)
		remembered, err := a.server.deps.Commands.RememberBatch(ctx, req, batch)
		if err != nil {
			return answer[batchAnswer]{}, err
		}
		return batchResults(remembered, unreadable), nil
	}
}

// readBatch reads the memories of a batch. One that cannot be read is left empty, which cannot be remembered either;
// its error is returned by its place.
func readBatch(one *shape, memories []json.RawMessage) (batch []commands.Remember, unreadable map[int]error) {
	batch, unreadable = make([]commands.Remember, len(memories)), map[int]error{}
	for i, raw := range memories {
		var body rememberBody
		if err := one.read(reflect.ValueOf(&body).Elem(), raw); err != nil {
			unreadable[i] = err
			continue
		}
		batch[i] = commands.Remember(body)
	}
	return batch, unreadable
}

func batchResults(remembered []commands.Remembered, unreadable map[int]error) answer[batchAnswer] {
	a := answer[batchAnswer]{body: batchAnswer{Results: make([]batchResult, len(remembered))}}
	for i, one := range remembered {
		err := one.Err
		if unreadable[i] != nil {
			err = unreadable[i]
		}
		if err != nil {
			p := problemOf(domain.Within(fmt.Sprintf("memories[%d]", i), err))
			a.body.Results[i] = batchResult{Status: p.Status, Problem: &p}
			continue
		}
		a.body.Results[i] = batchResult{Status: http.StatusCreated, Receipt: &one.Receipt}
		a.sequenceID = max(a.sequenceID, one.Receipt.SequenceID)
	}
	a.body.SequenceID = a.sequenceID
	return a
}
