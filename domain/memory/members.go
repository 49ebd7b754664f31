package memory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/auren-memory/auren/domain"
)

var errNoObject = errors.New("is no JSON object")

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
	err := eachMember(payload, func(name string, value json.RawMessage) error {
		switch name {
		case "agent_id":
			return json.Unmarshal(value, &e.AgentID)
		case "user_id":
			return json.Unmarshal(value, &e.UserID)
		case "memory_type":
			return json.Unmarshal(value, &e.Type)
		case "content":
			e.Content = value
		case "confidence":
			return json.Unmarshal(value, &e.Confidence)
		case "metadata":
			e.Metadata = value
		case "expires_at":
			return json.Unmarshal(value, &e.ExpiresAt)
		default:
			return fmt.Errorf("unknown field %q", name)
		}
		return nil
	})
	return e, err
}

func decodeRevised(payload json.RawMessage) (Event, error) {
	var e Revised
	err := eachMember(payload, func(name string, value json.RawMessage) error {
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

// eachMember calls do for each member of an object, with the value as it stands there. Text that is no JSON is found
// out only where it hides the end of a value: what the log holds was parsed when it was written.
func eachMember(object []byte, do func(name string, value json.RawMessage) error) error {
	at := skipSpace(object, 0)
	if at == len(object) || object[at] != '{' {
		return errNoObject
	}
	if at = skipSpace(object, at+1); at < len(object) && object[at] == '}' {
		return nil
	}
	for {
		if at == len(object) || object[at] != '"' {
			return errNoObject
		}
		end := skipString(object, at)
		colon := skipSpace(object, end)
		if colon == len(object) || object[colon] != ':' {
			return errNoObject
		}
		name := string(object[at+1 : end-1])
		value := skipSpace(object, colon+1)
		end = skipValue(object, value)
		if at = skipSpace(object, end); end == value || at == len(object) {
			return errNoObject
		}
		if err := do(name, object[value:end:end]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		switch object[at] {
		case '}':
			return nil
		case ',':
			at = skipSpace(object, at+1)
		default:
			return errNoObject
		}
	}
}

func skipSpace(in []byte, at int) int {
	for at < len(in) && (in[at] == ' ' || in[at] == '\n' || in[at] == '\t' || in[at] == '\r') {
		at++
	}
	return at
}

// skipString returns where the string that starts at at has ended.
func skipString(in []byte, at int) int {
	for at++; ; at++ {
		quote := bytes.IndexByte(in[at:], '"')
		if quote < 0 {
			return len(in)
		}
		text := in[at : at+quote]
		at += quote
		// An odd number of backslashes escapes the quotation mark.
		if (len(text)-len(bytes.TrimRight(text, `\`)))%2 == 0 {
			return at + 1
		}
	}
}

// skipValue returns where the value that starts at at has ended.
func skipValue(in []byte, at int) int {
	for depth := 0; at < len(in); {
		switch in[at] {
		case '"':
			at = skipString(in, at)
		case '{', '[':
			depth++
			at++
			continue
		case '}', ']':
			if depth == 0 {
				return at
			}
			depth--
			at++
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return at
			}
			at++
			continue
		default:
			at++
			continue
		}
		if depth == 0 {
			return at
		}
	}
	return at
}
