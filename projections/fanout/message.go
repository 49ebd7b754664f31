package fanout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/eventstore"
)

// The headers that Resume reads.
const (
	headerID           = "ce-id"
	headerSequenceID   = "ce-sequenceid"
	headerRecordedTime = "ce-recordedtime"
)

// newMessage makes the message of an event, without payload and contents if it would exceed limit bytes.
func newMessage(e *eventstore.Event, limit int) (*nats.Msg, error) {
	meta, err := e.Meta()
	if err != nil {
		return nil, fmt.Errorf("decode metadata: %w", err)
	}
	body, err := encode(e)
	if err != nil {
		return nil, err
	}
	m := nats.NewMsg(Subject(e))
	// Not Header.Set, which would canonicalize the spelling: readers expect CloudEvents headers in lower case.
	set := func(name, value string) {
		if value != "" {
			m.Header[name] = []string{percentEncode(value)}
		}
	}
	set(jetstream.MsgIDHeader, e.ID.String())
	set("Content-Type", "application/json")
	set("ce-specversion", "1.0")
	set(headerID, e.ID.String())
	set("ce-type", e.Type)
	set("ce-source", "/auren/"+string(e.Tenant))
	set("ce-subject", e.StreamID.String())
	set("ce-time", e.OccurredAt.UTC().Format(time.RFC3339Nano))
	set("ce-datacontenttype", "application/json")
	set("ce-tenant", string(e.Tenant))
	set(headerSequenceID, strconv.FormatInt(e.SequenceID, 10))
	set("ce-version", strconv.Itoa(e.Version))
	set("ce-actor", meta.Actor)
	set(headerRecordedTime, e.CreatedAt.UTC().Format(time.RFC3339Nano))
	set("ce-correlationid", meta.CorrelationID)
	set("ce-causationid", meta.CausationID)
	set("ce-traceparent", meta.Traceparent)

	if size(m)+len(body) > limit {
		set("ce-dataref", fmt.Sprintf("/v1/events?after=%d&limit=1", e.SequenceID-1))
		short := *e
		short.Payload, short.Contents = json.RawMessage("null"), nil
		if body, err = encode(&short); err != nil {
			return nil, err
		}
	}
	m.Data = body
	return m, nil
}

func encode(e *eventstore.Event) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// headerReserve is kept in each message for the headers that publishing adds.
const headerReserve = 1024

// size is about the size of the message in bytes without its body.
func size(m *nats.Msg) int {
	n := headerReserve
	for name, values := range m.Header {
		n += len(name) + len(values[0]) + 4
	}
	return n
}

func percentEncode(value string) string {
	return escape(value, '%', func(c byte) bool { return c > ' ' && c <= '~' && c != '"' && c != '%' })
}
