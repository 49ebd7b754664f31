package commands

import (
	"encoding/json"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
)

// written are buffers that commands are written into for their fingerprints; those of large batches are not kept.
var written = sync.Pool{New: func() any { return new([]byte) }}

// fingerprint is that of the canonical JSON of an object with what the client sent: what two commands with one id are
// compared by. What body appends is canonical.
func fingerprint(req Request, name string, id uuid.UUID, body func([]byte) ([]byte, error)) (eventstore.Hash, error) {
	buffer := written.Get().(*[]byte)
	defer written.Put(buffer)
	out, err := body(append((*buffer)[:0], `{"body":`...))
	if err != nil {
		return eventstore.Hash{}, err
	}
	out = appendText(out, `,"command":`, name)
	out = strconv.AppendInt(append(out, `,"expected_version":`...), int64(req.ExpectedVersion), 10)
	out = append(canonjson.AppendUUID(append(out, `,"id":"`...), id), '"')
	out = appendText(out, `,"reason":`, req.Meta.Reason)
	out = append(out, '}')
	if len(out) <= 64<<10 {
		*buffer = out
	}
	return eventstore.Fingerprint(out), nil
}

// appendBody appends the canonical JSON of a body. Those that can be long are not encoded first.
func appendBody(out []byte, body any) ([]byte, error) {
	switch b := body.(type) {
	case Remember:
		return b.appendCanonical(out, appendRaw)
	case []Remember:
		return appendAll(out, b)
	case Revise:
		return b.appendCanonical(out)
	}
	return appendMember(out, "", &body)
}

func appendAll(out []byte, batch []Remember) (_ []byte, err error) {
	out = append(out, '[')
	for i, r := range batch {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = r.appendCanonical(out, appendRaw); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func (r Remember) appendCanonical(out []byte, appendContent func([]byte, string, json.RawMessage) ([]byte, error)) (_ []byte, err error) {
	out = appendText(out, `{"agent_id":`, r.AgentID)
	if out, err = appendMember(out, `,"confidence":`, r.Confidence); err != nil {
		return nil, err
	}
	if out, err = appendContent(out, `,"content":`, r.Content); err != nil {
		return nil, err
	}
	if out, err = appendMember(out, `,"expires_at":`, r.ExpiresAt); err != nil {
		return nil, err
	}
	if out, err = appendMember(out, `,"id":`, r.ID); err != nil {
		return nil, err
	}
	out = appendText(out, `,"memory_type":`, r.Type)
	if out, err = appendRaw(out, `,"metadata":`, r.Metadata); err != nil {
		return nil, err
	}
	if out, err = appendMember(out, `,"occurred_at":`, r.OccurredAt); err != nil {
		return nil, err
	}
	out = appendText(out, `,"reason":`, r.Reason)
	out = appendText(out, `,"user_id":`, r.UserID)
	return append(out, '}'), nil
}

func (r Revise) appendCanonical(out []byte) (_ []byte, err error) {
	if out, err = appendRaw(out, `{"content":`, r.Content); err != nil {
		return nil, err
	}
	if out, err = appendMember(out, `,"memory_type":`, r.Type); err != nil {
		return nil, err
	}
	if out, err = appendRaw(out, `,"metadata":`, r.Metadata); err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

// appendText appends a key and a text; what is no UTF-8 in it, as encoding/json writes it.
func appendText(out []byte, key, text string) []byte {
	if !utf8.ValidString(text) {
		text = string([]rune(text)) // has U+FFFD for each byte that is none
	}
	return canonjson.AppendText(append(out, key...), text)
}

// appendMember appends a key and the canonical JSON of what value points to.
func appendMember[T any](out []byte, key string, value *T) ([]byte, error) {
	if value == nil {
		return appendRaw(out, key, nil)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return appendRaw(out, key, raw)
}

// appendRaw appends a key and canonical JSON, null for nil.
func appendRaw(out []byte, key string, raw json.RawMessage) ([]byte, error) {
	out = append(out, key...)
	if raw == nil {
		return append(out, "null"...), nil
	}
	value, err := canonjson.Parse(raw)
	return append(out, value.Raw()...), err
}

func appendAsItIs(out []byte, key string, canonical json.RawMessage) ([]byte, error) {
	return append(append(out, key...), canonical...), nil
}
