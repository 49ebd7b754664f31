package cli

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// textKeys are the members that say what a memory is about, in the order of preference.
var textKeys = []string{"text", "content", "learning", "statement"}

// summary is a memory's content as one line: the text itself; in an object, that of one of textKeys; else the longest text in
// it, which says most, or else the JSON.
func summary(content json.RawMessage) string {
	var value any
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return terminal.OneLine(string(content))
	}
	if members, ok := value.(map[string]any); ok {
		for _, key := range textKeys {
			if text, ok := members[key].(string); ok && text != "" {
				return terminal.OneLine(text)
			}
		}
	}
	if text := longestText(value); text != "" {
		return terminal.OneLine(text)
	}
	return terminal.OneLine(string(content))
}

func longestText(value any) (longest string) {
	switch v := value.(type) {
	case string:
		return v
	case []any:
		for _, item := range v {
			if text := longestText(item); len(text) > len(longest) {
				longest = text
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if text := longestText(v[key]); len(text) > len(longest) {
				longest = text
			}
		}
	}
	return longest
}
