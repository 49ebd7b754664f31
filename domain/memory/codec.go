package memory

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/auren-memory/auren/domain"
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
	// Type is the wire name of the event.
	Type string
	// Payload is kept for ever.
	Payload canonjson.Value
	// Contents are what users or agents said, such as content, metadata and a note. They are stored apart, so that they can
	// be erased; zero if there are none.
	Contents      canonjson.Value
	SchemaVersion int
}

// Encode encodes an event for Decode.
func Encode(event Event) Encoded {
	var l layout
	switch e := event.(type) {
	case Remembered:
		l = e.layout()
	case Revised:
		l = e.layout()
	case ConfidenceAdjusted:
		l = e.layout()
	case EvidenceRecorded:
		if l = e.layout(); e.Note == "" {
			l.contents = nil
		}
	case ExpirySet:
		l = e.layout()
	case Forgotten:
		l = e.layout()
	case Restored:
		l = e.layout()
	case Expired:
		l = e.layout()
	default:
		panic(fmt.Sprintf("memory: encode of unknown event %T", event))
	}
	encoded := Encoded{Type: event.wireName(), Payload: write(l.payload), SchemaVersion: schemaVersion}
	if l.contents != nil {
		encoded.Contents = write(l.contents)
	}
	return encoded
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
		return nil, fmt.Errorf("decode %s: %w", blank.wireName(), err)
	}
	if contents == nil || string(contents) == "null" {
		return blank, nil
	}
	if err := read(l.contents, contents); err != nil {
		return nil, fmt.Errorf("decode contents of %s: %w", blank.wireName(), err)
	}
	return blank, nil
}

// layout maps the members of an event's payload and contents, in canonical order, to the fields of its struct.
type layout struct{ payload, contents []member }

// member is a member of a JSON object and the pointer to its value.
type member struct {
	name string
	at   any
}

// optional is a time that is left out where there is none.
type optional struct{ at **time.Time }

// write writes an object of all members except nil ones and zero Values. A nil time is null and means never, but for an optional
// one.
func write(members []member) canonjson.Value {
	size := 2
	for _, m := range members {
		size += len(m.name) + 48
		if v, ok := m.at.(*canonjson.Value); ok {
			size += len(v.Raw())
		}
	}
	o := canonjson.NewObject(make([]byte, 0, size))
	for _, m := range members {
		switch at := m.at.(type) {
		case *string:
			o.Text(m.name, *at)
		case **string:
			if *at != nil {
				o.Text(m.name, **at)
			}
		case *canonjson.Value:
			if !at.IsZero() {
				o.Value(m.name, *at)
			}
		case *float64:
			o.Float(m.name, *at)
		case **float64:
			if *at != nil {
				o.Float(m.name, **at)
			}
		case *bool:
			o.Bool(m.name, *at)
		case *time.Time:
			o.Time(m.name, at)
		case **time.Time:
			o.Time(m.name, *at)
		case optional:
			if *at.at != nil {
				o.Time(m.name, *at.at)
			}
		case *domain.NullableTime:
			if at.Given {
				o.Time(m.name, at.Time)
			}
		case *[]string:
			list := make([]canonjson.Value, len(*at))
			for i, text := range *at {
				list[i] = canonjson.Text(text)
			}
			o.Value(m.name, canonjson.List(list...))
		default:
			panic(fmt.Sprintf("memory: member %s is of type %T", m.name, at))
		}
	}
	return o.Done()
}

// read reads an object into its members. An unknown member is an error, except those that the log and the commands add to
// any event: contents (the commitment of a payload to them), reason and import.
func read(members []member, raw json.RawMessage) error {
	object, err := canonjson.Adopt(raw)
	if err != nil {
		return err
	}
	return object.Each(func(name string, value canonjson.Value) error {
		for _, m := range members {
			if m.name == name {
				return readInto(m.at, value)
			}
		}
		if name == "contents" || name == "reason" || name == "import" {
			return nil
		}
		return errors.New("unknown member")
	})
}

func readInto(at any, value canonjson.Value) error {
	switch at := at.(type) {
	case optional:
		return readInto(at.at, value)
	case *canonjson.Value:
		*at = value
		return nil
	case *string:
		text, ok := value.Text()
		if *at = text; !ok {
			return errors.New("must be a string")
		}
		return nil
	case *float64: // json.Unmarshal takes 0.2 µs longer
		number, err := strconv.ParseFloat(value.String(), 64)
		if *at = number; err != nil {
			return errors.New("must be a number")
		}
		return nil
	default:
		if value.IsNull() {
			return nil
		}
		return json.Unmarshal(value.Raw(), at)
	}
}
