package commands

import (
	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
)

// prepare checks a request and makes a command without its writes. A repeated command id must have the same name, id and
// body; body is nil for a command without one.
func prepare(req Request, name string, id uuid.UUID, body func() canonjson.Value) (Request, eventstore.Command, error) {
	req, err := req.check()
	if err != nil {
		return req, eventstore.Command{}, err
	}
	c := eventstore.Command{Tenant: req.Tenant, ID: req.Meta.CommandID}
	if c.ID == "" {
		return req, c, nil
	}
	var told canonjson.Value
	if body != nil {
		told = body()
	}
	c.Fingerprint = eventstore.Fingerprint(canonjson.NewObject(make([]byte, 0, len(told.Raw())+256)).
		Value("body", told).
		Text("command", name).
		Int("expected_version", int64(req.ExpectedVersion)).
		Text("id", id.String()).
		Text("reason", req.Reason).
		Done().Raw())
	return req, c, nil
}

// json returns what the client sent.
func (r Remember) json() canonjson.Value {
	draft := r.JSON() // the embedded draft alone
	o := canonjson.NewObject(make([]byte, 0, len(draft.Raw())+256)).Value("draft", draft)
	if r.ID != nil {
		o.Text("id", r.ID.String())
	}
	return o.Time("occurred_at", r.OccurredAt).Text("reason", r.Reason).Done()
}
