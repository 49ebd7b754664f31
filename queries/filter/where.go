package filter

import (
	"encoding/json"
	"strings"
	"time"
)

// Where is a Filter that has been checked: the root of a tree of conditions, all of which hold for a memory that matches.
type Where struct{ all group }

// Split returns what a table has the columns for, and the rest, for another table. It takes conditions apart that all hold;
// alternatives and negations go where all of their columns are.
func (w Where) Split(columns Columns) (covered, rest Where) {
	for _, n := range w.all {
		if n.coveredBy(columns) {
			covered.all = append(covered.all, n)
		} else {
			rest.all = append(rest.all, n)
		}
	}
	return covered, rest
}

// Parts returns the conditions, all of which hold for a memory that matches, one by one.
func (w Where) Parts() []Where {
	parts := make([]Where, len(w.all))
	for i, n := range w.all {
		parts[i].all = group{n}
	}
	return parts
}

// String writes the filter for people, as an object of the grammar.
func (w Where) String() string {
	var text []byte
	if len(w.all) == 1 {
		text, _ = json.Marshal(w.all[0]) // what has been checked cannot fail to be encoded
	} else {
		text, _ = json.Marshal(w.all)
	}
	return string(text)
}

// SQL compiles the filter for a table that has all the columns it needs. moment decides what has expired.
func (w Where) SQL(columns Columns, moment time.Time, args *Args) (conditions Conditions) {
	for _, n := range w.all {
		conditions.Add(n.sql(columns, moment, args))
	}
	return conditions
}

// MarshalJSON writes the tree: equal filters have equal texts.
func (w Where) MarshalJSON() ([]byte, error) { return json.Marshal(w.all) }

// Columns maps the fields to the columns of a table, and those that it does not have to "".
type Columns func(Field) string

// Memories are the columns of agent_memories and agent_memory_history.
func Memories(f Field) string {
	if f == Confidence {
		return "confidence_score"
	}
	return string(f)
}

// EventColumns are the columns of events.
func EventColumns(f Field) string {
	switch f {
	case Actor, Principal, CommandID, CorrelationID, CausationID:
		return "(metadata ->> '" + string(f) + "')"
	case Payload:
		return "payload::jsonb"
	}
	return string(f)
}

// node is a part of the tree, one that others hang from or a leaf. Its SQL may be null where it does not hold.
type node interface {
	// coveredBy tells whether a table has the columns that the node needs.
	coveredBy(Columns) bool
	sql(columns Columns, moment time.Time, args *Args) string
}

// group holds where all of its nodes do.
type group []node

func (g group) coveredBy(columns Columns) bool {
	for _, n := range g {
		if !n.coveredBy(columns) {
			return false
		}
	}
	return true
}

func (g group) sql(columns Columns, moment time.Time, args *Args) string {
	return "(" + strings.Join(Where{all: g}.SQL(columns, moment, args), " and ") + ")"
}

func (g group) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{and: append([]node{}, g...)})
}

// anyOf holds where one of its nodes does.
type anyOf struct{ group }

func (a anyOf) sql(columns Columns, moment time.Time, args *Args) string {
	return "(" + strings.Join(Where{all: a.group}.SQL(columns, moment, args), " or ") + ")"
}

func (a anyOf) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{or: []node(a.group)})
}

// negation holds where its node does not, be it that the memory has no value to compare.
type negation struct{ node }

func (n negation) sql(columns Columns, moment time.Time, args *Args) string {
	return "(" + n.node.sql(columns, moment, args) + ") is not true"
}

func (n negation) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any{not: n.node}) }

// condition compares a field with values: with the first, unless the operator takes a list.
type condition struct {
	Field    Field
	operator string
	kind     *kind
	values   []any
}

func (c condition) coveredBy(columns Columns) bool {
	for _, needed := range needs(c.Field) {
		if columns(needed) == "" {
			return false
		}
	}
	return true
}

// needs returns the fields whose columns a condition reads.
func needs(f Field) []Field {
	switch f {
	case State:
		return []Field{State, ExpiresAt}
	case ValidAt:
		return []Field{ValidFrom, ValidTo}
	}
	return []Field{f}
}

func (c condition) sql(columns Columns, moment time.Time, args *Args) string {
	if c.Field == State && c.operator == eq {
		return inState(c.values[0].(string), columns, moment, args)
	}
	text := c.kind.sql[c.operator]
	for _, needed := range needs(c.Field) {
		text = strings.ReplaceAll(text, "{"+string(needed)+"}", columns(needed))
	}
	text = strings.ReplaceAll(text, "{c}", columns(c.Field))
	switch c.operator {
	case in:
		return strings.ReplaceAll(text, "{v}", args.Add(c.kind.list(c.values)))
	case exists:
		return text
	}
	return strings.ReplaceAll(text, "{v}", args.Add(c.values[0]))
}

func (c condition) MarshalJSON() ([]byte, error) {
	return asWritten(string(c.Field), c.operator, c.values)
}

// asWritten writes a condition as the grammar has it.
func asWritten[V any](name, operator string, values []V) ([]byte, error) {
	var operand any = values
	switch {
	case operator == exists:
		operand = true
	case operator != in && len(values) == 1:
		operand = values[0]
	}
	return json.Marshal(map[string]any{name: map[string]any{operator: operand}})
}

// inState holds for memories in a state at the moment: an active memory is expired from the instant of its expires_at on,
// whether or not an event says so yet.
func inState(name string, columns Columns, moment time.Time, args *Args) string {
	state, expires := columns(State), columns(ExpiresAt)
	switch name {
	case Active:
		return state + " = 'active' and (" + expires + " is null or " + expires + " > " + args.Add(moment) + ")"
	case Expired:
		return "(" + state + " = 'expired' or " + state + " = 'active' and " + expires + " <= " + args.Add(moment) + ")"
	default:
		return state + " = " + args.Add(name)
	}
}
