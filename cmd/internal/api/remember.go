package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// RememberBatchRequest is many memories to remember.
type RememberBatchRequest struct {
	// Memories are read one by one, since each has a result of its own; each is a commands.Remember.
	Memories []canonjson.Value `json:"memories" minItems:"1" maxItems:"1000" doc:"What to remember."`
	Reason   string            `json:"reason,omitempty" maxLength:"2000" doc:"Why, for those that give no reason of their own."`
}

// RememberBatchAnswer has one result for each memory, in their order.
type RememberBatchAnswer struct {
	Results    []BatchResult `json:"results" doc:"One for each memory, in their order."`
	SequenceID int64         `json:"sequence_id" doc:"The highest of the results; 0 if nothing was remembered."`
}

// BatchResult has the fields of a receipt, or a problem.
type BatchResult struct {
	Status int `json:"status" doc:"201, or the status of the problem." example:"201"`
	*commands.Receipt
	Problem *Problem `json:"problem,omitempty" doc:"Why this one was not remembered."`
}

const rememberExample = `{"agent_id":"coach","user_id":"ana","content":{"text":"Sleeps badly after late coffee"},` +
	`"memory_type":"observation","confidence":0.7,"metadata":{"topic":"sleep"},"reason":"told in the morning check-in"}`

// Remember opens a new memory.
var Remember = define(Operation{
	Name: "remember", Scope: Write, Idempotent: true,
	Summary: "Remember", Detail: "Opens a new memory.", Example: rememberExample,
}, func(s *Service, ctx context.Context, c Caller, r *commands.Remember) (answer[commands.Receipt], error) {
	return receipt(s.deps.Commands.Remember(ctx, c.command("", nil), *r))
})

func receipt(r commands.Receipt, err error) (answer[commands.Receipt], error) {
	return answer[commands.Receipt]{body: r, version: r.Version, sequenceID: r.SequenceID}, err
}

// RememberBatch opens many memories.
var RememberBatch = define(Operation{
	Name: "rememberBatch", Scope: Write, Idempotent: true, MaxRequest: maxBatchRequest,
	Summary: "Remember up to 1,000",
	Detail: "Opens many memories in one transaction. Each has a result of its own: one that cannot be remembered does not " +
		"touch the others. The command id covers the batch as a whole.",
	Example: `{"memories":[` + rememberExample + `,{"agent_id":"coach","user_id":"ana","content":"Runs on Sundays"}]}`,
}, (*Service).rememberBatch)

func (s *Service) rememberBatch(ctx context.Context, c Caller, r *RememberBatchRequest) (answer[RememberBatchAnswer], error) {
	batch, unreadable := readBatch(r.Memories)
	results, err := s.deps.Commands.RememberBatch(ctx, c.command(r.Reason, nil), batch)
	if err != nil {
		return answer[RememberBatchAnswer]{}, err
	}
	body := RememberBatchAnswer{Results: make([]BatchResult, len(results))}
	for i, one := range results {
		if unreadable[i] != nil {
			one.Err = unreadable[i]
		}
		if one.Err != nil {
			p := ProblemOf(domain.WithField(fmt.Sprintf("memories[%d]", i), one.Err))
			body.Results[i] = BatchResult{Status: p.Status, Problem: &p}
			continue
		}
		body.Results[i] = BatchResult{Status: http.StatusCreated, Receipt: &one.Receipt}
		body.SequenceID = max(body.SequenceID, one.Receipt.SequenceID)
	}
	return answer[RememberBatchAnswer]{body: body, sequenceID: body.SequenceID}, nil
}

// readBatch reads the memories of a batch. One that cannot be read is left empty, which cannot be remembered either;
// its error is returned by its place.
func readBatch(memories []canonjson.Value) (batch []commands.Remember, unreadable map[int]error) {
	batch, unreadable = make([]commands.Remember, len(memories)), map[int]error{}
	for i, raw := range memories {
		if err := Remember.decoder.Value(raw, &batch[i]); err != nil {
			batch[i], unreadable[i] = commands.Remember{}, err
		}
	}
	return batch, unreadable
}
