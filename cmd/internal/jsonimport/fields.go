package jsonimport

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/auren-memory/auren/domain/canonjson"
)

// fields are the members of a record that have not been mapped yet.
type fields map[string]json.RawMessage

// fieldsOf returns the members of an object; none for another value.
func fieldsOf(object canonjson.Value) fields {
	f := fields{}
	if object.IsObject() {
		_ = object.Each(func(name string, value canonjson.Value) error { // it is an object
			f[name] = value.Raw()
			return nil
		})
	}
	return f
}

// take removes a member and returns it; nil if there is none.
func (f fields) take(key string) json.RawMessage {
	value := f[key]
	delete(f, key)
	return value
}

// given reports whether a member exists and is neither null nor an empty string.
func (f fields) given(key string) bool {
	value := string(f[key])
	return value != "" && value != "null" && strings.TrimSpace(textOf(f[key])) != ""
}

// merged writes an object of the members, and of those in others that are missing here.
func (f fields) merged(others fields) json.RawMessage {
	all := maps.Clone(others)
	maps.Copy(all, f)
	return all.object()
}

// object writes an object of the members.
func (f fields) object() json.RawMessage {
	out := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(f)) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(canonjson.AppendText(out, name), ':'), f[name]...)
	}
	return append(out, '}')
}

func quoted(text string) json.RawMessage { return canonjson.AppendText(nil, text) }

// textOf returns the decoded string; for any other value its JSON.
func textOf(raw json.RawMessage) string {
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// kindOf names the type of a value, for messages.
func kindOf(raw []byte) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// excerpt shortens a value, for messages.
func excerpt(raw []byte) string {
	const longest = 60
	text := []rune(strings.ToValidUTF8(string(raw[:min(len(raw), 4*longest)]), "\ufffd"))
	if len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(text)
}

// boolOf reads a boolean that may be written as a boolean, a number or a string.
func boolOf(raw json.RawMessage) (value, ok bool) {
	switch text := strings.ToLower(strings.TrimSpace(textOf(raw))); text {
	case "", "null":
		return false, true
	case "yes":
		return true, true
	case "no":
		return false, true
	default:
		value, err := strconv.ParseBool(text)
		return value, err == nil
	}
}

// The fields of a record in a flat list.
const (
	fieldID         = "id"
	fieldAgentID    = "agent_id"
	fieldUserID     = "user_id"
	fieldMemoryType = "memory_type"
	fieldType       = "type"
	fieldConfidence = "confidence"
	fieldTimestamp  = "timestamp"
	fieldCreatedAt  = "created_at"
	fieldUpdatedAt  = "updated_at"
	fieldExpiresAt  = "expires_at"
	fieldValidFrom  = "valid_from"
	fieldValidTo    = "valid_to"
	fieldMetadata   = "metadata"
	fieldDeleted    = "is_deleted"
)

var (
	contentKeys = []string{"content", "value", "data", "text", "message"}
	knownFields = []string{fieldID, fieldAgentID, fieldUserID, fieldMemoryType, fieldType, fieldConfidence,
		fieldTimestamp, fieldCreatedAt, fieldUpdatedAt, fieldExpiresAt, fieldValidFrom, fieldValidTo, fieldMetadata, fieldDeleted}
	// recordKeys mark a root object as a record of its own.
	recordKeys = []string{fieldID, fieldMemoryType, fieldType, fieldConfidence, fieldTimestamp, fieldCreatedAt,
		fieldUpdatedAt, fieldExpiresAt, fieldDeleted, "content", "value", "text", "message"}

	knownTypes  = []string{"observation", "recommendation", "insight", "conversation", "hypothesis", "fact", "knowledge"}
	typeAliases = map[string]string{"suggestion": "recommendation", "note": "insight", "chat": "conversation"}
)
