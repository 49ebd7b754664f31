package jsonimport

import (
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

const (
	unknownAgent   = "unknown"
	specialistFile = "specialist_memory"
)

var (
	uuidInName   = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	nameSuffix   = regexp.MustCompile(`(?i)[ ._-]+(memor(y|ies)|export|backup|data|records)$`)
	namesNobody  = regexp.MustCompile(`(?i)^(memor(y|ies)|data|exports?|records?|backups?|index|all|json|files?|specialists?)?$`)
	holdsNoAlpha = regexp.MustCompile(`^[^\pL]*$`)
)

// owners finds the agent and user of records that do not name them.
type owners struct {
	agents map[string]string // name → agent
	known  map[string]bool
	users  map[string]string // path, agent or user → user
	agent  string            // of records for which nothing names one; default unknownAgent
	user   string
}

// newOwners knows the agents of the old system, whose names files and directories can have, and the second name of one.
func newOwners(o Options) owners {
	w := owners{agents: map[string]string{"coach": "fitness_coach"}, known: map[string]bool{}, users: o.UserMap, agent: o.Agent, user: o.User}
	maps.Copy(w.agents, o.AgentMap)
	for name, agent := range w.agents {
		w.known[name], w.known[agent] = true, true
	}
	for _, agent := range []string{"neuroscientist", "nutritionist", "fitness_coach", "physical_therapist", "medical_esthetician"} {
		w.known[agent] = true
	}
	return w
}

// named returns the agent with a name or alias.
func (w owners) named(name string) string {
	name = strings.TrimSpace(name)
	if agent, ok := w.agents[name]; ok {
		return agent
	}
	return name
}

// byDirectory returns the agent of a specialist_memory.json: the directory below a directory specialist_memory, or the
// one that the file lies in. The path is absolute or begins with the name of the root.
func (w owners) byDirectory(file string) string {
	parts := strings.Split(path.Dir(file), "/")
	for i := 0; i+1 < len(parts); i++ {
		if parts[i] == specialistFile {
			return w.named(parts[i+1])
		}
	}
	return w.named(parts[len(parts)-1])
}

// byName returns the agent that the names of a file and its directories suggest: the first known agent, from the file
// to the root; else the first name that can be an agent's; else "". The path begins below the root.
func (w owners) byName(file string) string {
	var names []string
	for name := strings.TrimSuffix(file, path.Ext(file)); name != "." && name != "/"; name = path.Dir(name) {
		base := uuidInName.ReplaceAllString(path.Base(name), "")
		names = append(names, strings.Trim(nameSuffix.ReplaceAllString(base, ""), " ._-"))
	}
	for _, name := range names {
		if w.known[name] {
			return w.named(name)
		}
	}
	for _, name := range names {
		if !namesNobody.MatchString(name) && !holdsNoAlpha.MatchString(name) {
			return name
		}
	}
	return ""
}

// userOf returns the user of the records of a file and agent that name none: from the user map, by the deepest path,
// then by the agent; else a UUID in the file's name; else the default user.
func (w owners) userOf(file, agent string) string {
	for name := file; name != "." && name != "/"; name = path.Dir(name) {
		if user, ok := w.users[name]; ok {
			return user
		}
	}
	if user, ok := w.users[agent]; ok {
		return user
	}
	if id := uuidInName.FindString(path.Base(file)); id != "" {
		return w.renamed(strings.ToLower(id))
	}
	return w.user
}

// renamed returns the user that a record's user is mapped to, else the same user.
func (w owners) renamed(user string) string {
	user = strings.TrimSpace(user)
	if to, ok := w.users[user]; ok {
		return to
	}
	return user
}

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
	value, err := canonjson.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, file, err)
	}
	members := fieldsOf(value)
	if !value.IsObject() {
		return nil, fmt.Errorf("%s %s: must be a JSON object, got %s", what, file, kindOf(value.Raw()))
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
