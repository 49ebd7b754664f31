package jsonimport

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// LoadAgentMap reads a JSON object that maps agents to their new ids, e.g. {"coach": "fitness_coach"}.
func LoadAgentMap(file string) (map[string]string, error) {
	return loadMap("agent map", file, memory.MaxAgentID)
}

// LoadUserMap reads a JSON object that maps a path, an agent, or a user that a record names to a user, e.g.
// {"clients/anna": "anna", "neuroscientist": "ben", "default_user": "anna"}.
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
	members, err := fieldsOf(raw)
	if err != nil || members == nil {
		return nil, fmt.Errorf("%s %s: must be a JSON object, got %s", what, file, kindOf(raw))
	}
	names := make(map[string]string, len(members))
	for name, value := range members {
		if kindOf(value) != "a string" {
			return nil, fmt.Errorf("%s %s: %s: must be a string, got %s", what, file, name, kindOf(value))
		}
		text := textOf(value)
		if strings.TrimSpace(name) == "" || strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("%s %s: %q: names must not be empty", what, file, name)
		}
		if err := domain.CheckText(name, text, longest); err != nil {
			return nil, fmt.Errorf("%s %s: %w", what, file, err)
		}
		names[name] = text
	}
	return names, checkChains(what, file, names)
}

// checkChains refuses a name that is mapped and is also the target of another: the result would depend on how often
// the map is applied.
func checkChains(what, file string, names map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(names)) {
		if next, ok := names[names[key]]; ok && names[key] != key && next != names[key] {
			return fmt.Errorf("%s %s: %q maps to %q, which maps to %q; map each to its final name", what, file, key, names[key], next)
		}
	}
	return nil
}
