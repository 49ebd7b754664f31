package memory

import (
	"encoding/json"
	"fmt"

	"github.com/auren-memory/auren/domain/canonjson"
)

// schemaVersion is that of the payloads and contents of all events. An event whose shape changes keeps its name and gets a
// version of its own, and Decode gets an upcaster from the version before.
const schemaVersion = 1

// UnknownEventError means that this program cannot read an event, most likely because a newer version wrote it. A fold
// must stop there: skipping it would make a wrong memory.
type UnknownEventError struct {
	Type          string
	SchemaVersion int
}

// Error names the event's type and schema version.
func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("unknown event %s of schema version %d", e.Type, e.SchemaVersion)
}

// Encoded is an event as the log stores it.
type Encoded struct {
	// Payload is kept for ever.
	Payload canonjson.Value
	// Contents are what users or agents said, such as content, metadata and a note. They are stored apart, so that they can
	// be erased; zero if there are none.
	Contents      canonjson.Value
	SchemaVersion int
}

// Encode encodes an event for Decode.
func Encode(event Event) Encoded {
	switch e := event.(type) {
	case Remembered:
		return encode(e.layout())
	case Revised:
		return encode(e.layout())
	case ConfidenceAdjusted:
		return encode(e.layout())
	case EvidenceRecorded:
		l := e.layout()
		if e.Note == "" {
			l.contents = nil
		}
		return encode(l)
	case ExpirySet:
		return encode(e.layout())
	case Forgotten:
		return encode(e.layout())
	case Restored:
		return encode(e.layout())
	case Expired:
		return encode(e.layout())
	default:
		panic(fmt.Sprintf("memory: encode of unknown event %T", event))
	}
}

func encode(l layout) Encoded {
	e := Encoded{Payload: write(l.payload), SchemaVersion: schemaVersion}
	if l.contents != nil {
		e.Contents = write(l.contents)
	}
	return e
}

// Decode reads an event from its payload and contents, from the log or from JSON. Erased contents are nil or null: then the
// content is null and the metadata {}. Decode returns an *UnknownEventError for a type or a schema version that this
// program does not know.
func Decode(eventType string, version int, payload, contents json.RawMessage) (Event, error) {
	if version != schemaVersion {
		return nil, &UnknownEventError{Type: eventType, SchemaVersion: version}
	}
	switch eventType {
	case TypeRemembered:
		return decode(Remembered{Fields{Content: canonjson.Null(), Metadata: canonjson.EmptyObject()}}, payload, contents)
	case TypeRevised:
		return decode(Revised{Content: canonjson.Null(), Metadata: canonjson.EmptyObject()}, payload, contents)
	case TypeConfidenceAdjusted:
		return decode(ConfidenceAdjusted{}, payload, contents)
	case TypeEvidenceRecorded:
		return decode(EvidenceRecorded{}, payload, contents)
	case TypeExpirySet:
		return decode(ExpirySet{}, payload, contents)
	case TypeForgotten:
		return decode(Forgotten{}, payload, contents)
	case TypeRestored:
		return decode(Restored{}, payload, contents)
	case TypeExpired:
		return decode(Expired{}, payload, contents)
	}
	return nil, &UnknownEventError{Type: eventType, SchemaVersion: version}
}

// decode reads into a blank event, which holds the defaults for erased contents.
func decode[E Event, P interface {
	*E
	layout() layout
}](blank E, payload, contents json.RawMessage) (Event, error) {
	l := P(&blank).layout()
	if err := read(l.payload, payload); err != nil {
		return nil, fmt.Errorf("decode %s: %w", blank.EventType(), err)
	}
	if contents == nil || string(contents) == "null" {
		return blank, nil
	}
	if err := read(l.contents, contents); err != nil {
		return nil, fmt.Errorf("decode contents of %s: %w", blank.EventType(), err)
	}
	return blank, nil
}
