package eventstore

import (
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// EncodeMeta writes the metadata of an event.
func EncodeMeta(m domain.Meta) canonjson.Value {
	return canonjson.NewObject(make([]byte, 0, 256)).
		Text("actor", m.Actor).
		TextIfAny("causation_id", m.CausationID).
		TextIfAny("command_id", m.CommandID).
		TextIfAny("correlation_id", m.CorrelationID).
		TextIfAny("principal", m.Principal).
		TextIfAny("traceparent", m.Traceparent).
		Done()
}

// decodeMeta reads what EncodeMeta wrote, and ignores members of a newer program.
func decodeMeta(raw []byte) (m domain.Meta, err error) {
	metadata, err := canonjson.Adopt(raw)
	if err != nil {
		return m, err
	}
	err = metadata.Each(func(name string, value canonjson.Value) error {
		text, _ := value.Text()
		switch name {
		case "actor":
			m.Actor = text
		case "principal":
			m.Principal = text
		case "command_id":
			m.CommandID = text
		case "correlation_id":
			m.CorrelationID = text
		case "causation_id":
			m.CausationID = text
		case "traceparent":
			m.Traceparent = text
		}
		return nil
	})
	return m, err
}
