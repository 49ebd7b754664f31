package jsonimport

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// LoadAgentMap reads a JSON object of agents and the ids they go by from now on, as in {"coach": "fitness_coach"}.
func LoadAgentMap(file string) (map[string]string, error) {
	return loadMap("agent map", file, memory.MaxAgentID)
}

// LoadUserMap reads a JSON object that gives users, as in {"clients/anna": "anna", "neuroscientist": "ben",
// "default_user": "anna"}: for the files below a path, for an agent, and for a user that a record names.
func LoadUserMap(file string) (map[string]string, error) {
	entries, err := loadMap("user map", file, memory.MaxUserID)
	if err != nil {
		return nil, err
	}
	users := make(map[string]string, len(entries))
	for name, user := range entries {
		users[path.Clean(name)] = user
	}
	return users, nil
}

func loadMap(what, file string, longest int) (map[string]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	raw = []byte(strings.TrimPrefix(string(raw), "\ufeff"))
	if _, err := canonjson.Parse(raw); err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, file, err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return nil, fmt.Errorf("%s %s: holds %s; an object of names is allowed", what, file, kindOf(raw))
	}
	names := make(map[string]string, len(members))
	for name, value := range members {
		if kindOf(value) != "a text" {
			return nil, fmt.Errorf("%s %s: %s: is %s; a text is allowed", what, file, name, kindOf(value))
		}
		text := textOf(value)
		if strings.TrimSpace(name) == "" || strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("%s %s: %q: an empty name stands on one side", what, file, name)
		}
		if err := domain.CheckText(name, text, longest); err != nil {
			return nil, fmt.Errorf("%s %s: %w", what, file, err)
		}
		names[name] = text
	}
	return names, checkChains(what, file, names)
}

// checkChains refuses a name that is given another one and is also the other name of a third: which of the two is
// meant would depend on how often the map is applied.
func checkChains(what, file string, names map[string]string) error {
	keys := make([]string, 0, len(names))
	for key := range names {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if next, ok := names[names[key]]; ok && names[key] != key && next != names[key] {
			return fmt.Errorf("%s %s: %q goes to %q, and that to %q; write where each goes in the end", what, file, key, names[key], next)
		}
	}
	return nil
}
