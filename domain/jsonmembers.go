package domain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

var errNoObject = errors.New("is no JSON object")

// ReadJSONText reads a string or null; one without escapes is read as it stands.
func ReadJSONText(value []byte, into *string) error {
	if last := len(value) - 1; last > 0 && value[0] == '"' && value[last] == '"' && bytes.IndexByte(value, '\\') < 0 {
		*into = string(value[1:last])
		return nil
	}
	return json.Unmarshal(value, into)
}

// EachJSONMember calls do for each member of an object, with the value as it stands there. Text that is no JSON is found
// out only where it hides the end of a value: what the log holds was parsed when it was written.
func EachJSONMember(object []byte, do func(name string, value json.RawMessage) error) error {
	at := skipJSONSpace(object, 0)
	if at == len(object) || object[at] != '{' {
		return errNoObject
	}
	if at = skipJSONSpace(object, at+1); at < len(object) && object[at] == '}' {
		return nil
	}
	for {
		if at == len(object) || object[at] != '"' {
			return errNoObject
		}
		end := skipJSONString(object, at)
		colon := skipJSONSpace(object, end)
		if colon == len(object) || object[colon] != ':' {
			return errNoObject
		}
		name := string(object[at+1 : end-1])
		value := skipJSONSpace(object, colon+1)
		end = skipJSONValue(object, value)
		if at = skipJSONSpace(object, end); end == value || at == len(object) {
			return errNoObject
		}
		if err := do(name, object[value:end:end]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		switch object[at] {
		case '}':
			return nil
		case ',':
			at = skipJSONSpace(object, at+1)
		default:
			return errNoObject
		}
	}
}

func skipJSONSpace(in []byte, at int) int {
	for at < len(in) && (in[at] == ' ' || in[at] == '\n' || in[at] == '\t' || in[at] == '\r') {
		at++
	}
	return at
}

// skipJSONString returns where the string that starts at at has ended.
func skipJSONString(in []byte, at int) int {
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

// skipJSONValue returns where the value that starts at at has ended.
func skipJSONValue(in []byte, at int) int {
	for depth := 0; at < len(in); {
		switch in[at] {
		case '"':
			at = skipJSONString(in, at)
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
