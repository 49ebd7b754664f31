package jsonimport

import (
	"path"
	"regexp"
	"strings"
)

const (
	unknownAgent   = "unknown"
	specialistFile = "specialist_memory"
)

// aliases are the second names that the old system used for agents.
func aliases() map[string]string { return map[string]string{"coach": "fitness_coach"} }

// knownAgents are the agents of the old system; a file or directory with such a name belongs to that agent.
func knownAgents() []string {
	return []string{"neuroscientist", "nutritionist", "fitness_coach", "physical_therapist", "medical_esthetician"}
}

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
