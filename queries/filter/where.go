package filter

import (
	"encoding/json"
	"time"

	"github.com/auren-memory/auren/domain/memory"
)

// Where is a Filter that has been checked: the root of a tree of expressions, all of which hold for a memory that matches.
type Where struct {
	// AgentID and UserID are what the filter asks for; empty for any.
	AgentID, UserID string
	all             []expression
}

// Split returns what a table has the columns for, and the rest, for another table.
func (w Where) Split(columns Columns) (covered, rest Where) {
	for _, e := range w.all {
		if e.coveredBy(columns) {
			covered.all = append(covered.all, e)
		} else {
			rest.all = append(rest.all, e)
		}
	}
	return covered, rest
}

// SQL compiles the filter for a table that has all the columns it needs. moment decides what has expired.
func (w Where) SQL(columns Columns, moment time.Time, args *Args) (conditions Conditions) {
	for _, e := range w.all {
		conditions.Add(e.sql(columns, moment, args))
	}
	return conditions
}

// MarshalJSON writes the tree: equal filters have equal texts.
func (w Where) MarshalJSON() ([]byte, error) { return json.Marshal(w.all) }

// Field is what an expression may ask about.
type Field string

// The fields of a memory that can be filtered by.
const (
	AgentID    Field = "agent_id"
	UserID     Field = "user_id"
	MemoryType Field = "memory_type"
	Confidence Field = "confidence"
	Metadata   Field = "metadata"
	State      Field = "state"
	CreatedAt  Field = "created_at"
	UpdatedAt  Field = "updated_at"
	RecordedAt Field = "recorded_at"
	ExpiresAt  Field = "expires_at"
)

// The states that a Filter can ask for.
const (
	Active    = string(memory.StateActive)
	Forgotten = string(memory.StateForgotten)
	Expired   = string(memory.StateExpired)
	// All asks for memories in any state.
	All = "all"
)

// Columns maps the fields to the columns of a table, and those that it does not have to "".
type Columns func(Field) string

// Memories are the columns of agent_memories and agent_memory_history.
func Memories(f Field) string {
	if f == Confidence {
		return "confidence_score"
	}
	return string(f)
}

// expression is a node of the tree, one that others hang from or a leaf.
type expression interface {
	// coveredBy tells whether a table has the columns that the expression needs.
	coveredBy(Columns) bool
	sql(columns Columns, moment time.Time, args *Args) string
}

// compare holds where the field is not null and compares so with the value.
type compare struct {
	Field    Field
	Operator string // of SQL, or oneOf
	Value    any
}

// oneOf compares with each element of an array.
const oneOf = "one of"

func (c compare) coveredBy(columns Columns) bool { return columns(c.Field) != "" }

func (c compare) sql(columns Columns, _ time.Time, args *Args) string {
	if c.Operator == oneOf {
		return columns(c.Field) + " = any(" + args.Add(c.Value) + ")"
	}
	return columns(c.Field) + " " + c.Operator + " " + args.Add(c.Value)
}

// inState holds for memories in a state at the moment: an active memory is expired from the instant of its expires_at on,
// whether or not an event says so yet.
type inState struct{ State string }

func (s inState) coveredBy(columns Columns) bool {
	return columns(State) != "" && columns(ExpiresAt) != ""
}

func (s inState) sql(columns Columns, moment time.Time, args *Args) string {
	state, expires := columns(State), columns(ExpiresAt)
	switch s.State {
	case Active:
		return state + " = 'active' and (" + expires + " is null or " + expires + " > " + args.Add(moment) + ")"
	case Expired:
		return "(" + state + " = 'expired' or " + state + " = 'active' and " + expires + " <= " + args.Add(moment) + ")"
	default:
		return state + " = " + args.Add(s.State)
	}
}
