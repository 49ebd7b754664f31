package memory

import (
	"encoding/json"
	"fmt"

	"github.com/auren-memory/auren/domain"
)

// The events that carry content are encoded without it, and it is added as it stands: json.Marshal would go through
// all of it.
func (e Remembered) encode() (json.RawMessage, error) {
	return encodeWith(struct {
		Remembered
		Content  *struct{} `json:"content,omitempty"`
		Metadata *struct{} `json:"metadata,omitempty"`
	}{Remembered: e}, e.Content, e.Metadata)
}

func (e Revised) encode() (json.RawMessage, error) {
	return encodeWith(struct {
		Revised
		Content  *struct{} `json:"content,omitempty"`
		Metadata *struct{} `json:"metadata,omitempty"`
	}{Revised: e}, e.Content, e.Metadata)
}

// encodeWith adds the two members to the object that rest is encoded as.
func encodeWith(rest any, content, metadata json.RawMessage) (json.RawMessage, error) {
	raw, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	return domain.WithJSONMember(domain.WithJSONMember(raw, "metadata", metadata), "content", content), nil
}

// decodeRemembered and decodeRevised do what decodeAs does, for the events that carry content: many times as fast,
// since they leave the content alone instead of parsing it.
func decodeRemembered(payload json.RawMessage) (Event, error) {
	var e Remembered
	err := domain.EachJSONMember(payload, func(name string, value json.RawMessage) error {
		switch name {
		case "agent_id":
			return domain.ReadJSONText(value, &e.AgentID)
		case "user_id":
			return domain.ReadJSONText(value, &e.UserID)
		case "memory_type":
			return domain.ReadJSONText(value, &e.Type)
		case "content":
			e.Content = value
		case "confidence":
			return json.Unmarshal(value, &e.Confidence)
		case "metadata":
			e.Metadata = value
		case "expires_at":
			if string(value) != "null" {
				return json.Unmarshal(value, &e.ExpiresAt)
			}
		default:
			return fmt.Errorf("unknown field %q", name)
		}
		return nil
	})
	return e, err
}

func decodeRevised(payload json.RawMessage) (Event, error) {
	var e Revised
	err := domain.EachJSONMember(payload, func(name string, value json.RawMessage) error {
		switch name {
		case "memory_type":
			return json.Unmarshal(value, &e.Type)
		case "content":
			e.Content = value
		case "metadata":
			e.Metadata = value
		case "changed":
			return json.Unmarshal(value, &e.Changed)
		default:
			return fmt.Errorf("unknown field %q", name)
		}
		return nil
	})
	return e, err
}
