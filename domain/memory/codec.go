package memory

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// UnknownEventError says that an event cannot be read by this program, most likely because a newer one
// wrote it. Whoever folds events must stop there: skipping it would make a wrong memory.
type UnknownEventError struct {
	Type          string
	SchemaVersion int
}

// Error names the event's type and schema version.
func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("unknown event %s of schema version %d", e.Type, e.SchemaVersion)
}

// upcaster turns the payload of one schema version into that of the next.
type upcaster func(payload json.RawMessage) (json.RawMessage, error)

// schema is how one event type is written today and how its older payloads are brought up to date:
// upcasters[i] turns schema version i+1 into i+2, so the current version is len(upcasters)+1.
type schema struct {
	upcasters []upcaster
	decode    func(json.RawMessage) (Event, error)
}

// schemaOf knows every event type. A payload that changes its shape gets an upcaster here and keeps its name.
func schemaOf(eventType string) (schema, bool) {
	switch eventType {
	case TypeRemembered:
		return schema{decode: decodeRemembered}, true
	case TypeRevised:
		// Version 1 did not say what changed.
		return schema{upcasters: []upcaster{addChanged}, decode: decodeRevised}, true
	case TypeConfidenceAdjusted:
		return schema{decode: decodeAs[ConfidenceAdjusted]}, true
	case TypeEvidenceRecorded:
		return schema{decode: decodeAs[EvidenceRecorded]}, true
	case TypeExpirySet:
		return schema{decode: decodeAs[ExpirySet]}, true
	case TypeForgotten:
		return schema{decode: decodeAs[MarkedForgotten]}, true
	case TypeRestored:
		return schema{decode: decodeAs[Restored]}, true
	case TypeExpired:
		return schema{decode: decodeAs[MarkedExpired]}, true
	case TypeSkipped:
		return schema{decode: decodeAs[Skipped]}, true
	}
	return schema{}, false
}

// Encode returns the payload of an event and its schema version. Texts must be valid UTF-8, content and metadata JSON, as
// the decisions of this package leave them.
func Encode(event Event) (payload json.RawMessage, schemaVersion int, err error) {
	s, ok := schemaOf(event.EventType())
	if !ok {
		return nil, 0, &UnknownEventError{Type: event.EventType()}
	}
	switch e := event.(type) {
	case Remembered:
		payload, err = e.encode()
	case Revised:
		payload, err = e.encode()
	default:
		payload, err = json.Marshal(event)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("encode %s: %w", event.EventType(), err)
	}
	return payload, len(s.upcasters) + 1, nil
}

// Decode reads the payload of an event, upcasting it first where it is of an older schema version.
// It returns an *UnknownEventError for a type or a schema version that this program does not know.
func Decode(eventType string, schemaVersion int, payload json.RawMessage) (Event, error) {
	s, ok := schemaOf(eventType)
	if !ok || schemaVersion < 1 || schemaVersion > len(s.upcasters)+1 {
		return nil, &UnknownEventError{Type: eventType, SchemaVersion: schemaVersion}
	}
	for _, up := range s.upcasters[schemaVersion-1:] {
		var err error
		if payload, err = up(payload); err != nil {
			return nil, fmt.Errorf("upcast %s from schema version %d: %w", eventType, schemaVersion, err)
		}
	}
	event, err := s.decode(payload)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", eventType, err)
	}
	return event, nil
}

func decodeAs[E Event](payload json.RawMessage) (Event, error) {
	var event E
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	err := d.Decode(&event)
	return event, err
}

func addChanged(payload json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil {
		return nil, err
	}
	fields["changed"] = json.RawMessage("[]")
	return json.Marshal(fields)
}
