package filter

import (
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
)

// Field is what a condition may ask about.
type Field string

// The fields of a memory that can be filtered by.
const (
	ID         Field = "id"
	AgentID    Field = "agent_id"
	UserID     Field = "user_id"
	MemoryType Field = "memory_type"
	Content    Field = "content"
	Confidence Field = "confidence"
	State      Field = "state"
	Version    Field = "version"
	SequenceID Field = "sequence_id"
	CreatedAt  Field = "created_at"
	UpdatedAt  Field = "updated_at"
	RecordedAt Field = "recorded_at"
	ExpiresAt  Field = "expires_at"
	ValidFrom  Field = "valid_from"
	ValidTo    Field = "valid_to"
	// ValidAt is a time at which a memory is so: from ValidFrom to before ValidTo.
	ValidAt  Field = "valid_at"
	Metadata Field = "metadata"
)

// The further fields of an event that can be filtered by.
const (
	EventID       Field = "event_id"
	StreamID      Field = "stream_id"
	Category      Field = "category"
	EventType     Field = "event_type"
	OccurredAt    Field = "occurred_at"
	Actor         Field = "actor"
	Principal     Field = "principal"
	CommandID     Field = "command_id"
	CorrelationID Field = "correlation_id"
	CausationID   Field = "causation_id"
	Payload       Field = "payload"
)

// The states that a Filter can ask for.
const (
	Active    = string(memory.StateActive)
	Forgotten = string(memory.StateForgotten)
	Expired   = string(memory.StateExpired)
	// All asks for memories in any state.
	All = "all"
)

// The operators. Parsing makes conditions of eq, in and exists out of ne, nin and comparisons with null.
const (
	eq, ne             = "eq", "ne"
	in, nin            = "in", "nin"
	gt, gte            = "gt", "gte"
	lt, lte            = "lt", "lte"
	contains, icontain = "contains", "icontains"
	startsWith, exists = "starts_with", "exists"
)

// operators in the order in which messages list them.
var operators = []string{eq, ne, gt, gte, lt, lte, in, nin, contains, icontain, startsWith, exists}

// table is what a grammar is of: memories, or events.
type table struct {
	// fields in the order in which messages list them.
	fields []fieldOf
	// tree is the field, a JSON object, within which paths lead to values.
	tree Field
	// shortForms are further names for conditions.
	shortForms []shortForm
}

type fieldOf struct {
	Field
	kind
}

var memories = table{tree: Metadata, shortForms: shortForms, fields: []fieldOf{
	{ID, ids},
	{AgentID, namesOf(memory.MaxAgentID)},
	{UserID, namesOf(memory.MaxUserID)},
	{MemoryType, namesOf(memory.MaxType)},
	{Content, contents},
	{Confidence, units},
	{State, states},
	{Version, wholes},
	{SequenceID, wholes},
	{CreatedAt, moments},
	{UpdatedAt, moments},
	{RecordedAt, moments},
	{ExpiresAt, optionalMoments},
	{ValidFrom, optionalMoments},
	{ValidTo, optionalMoments},
	{ValidAt, instants},
	{Metadata, objects},
}}

var events = table{tree: Payload, fields: []fieldOf{
	{SequenceID, wholes},
	{EventID, ids},
	{StreamID, ids},
	{Version, wholes},
	{Category, namesOf(maxWord)},
	{EventType, namesOf(maxWord)},
	{AgentID, namesOf(memory.MaxAgentID)},
	{UserID, namesOf(memory.MaxUserID)},
	{OccurredAt, moments},
	{CreatedAt, moments},
	{Actor, words},
	{Principal, words},
	{CommandID, words},
	{CorrelationID, words},
	{CausationID, words},
	{Payload, objects},
}}

// maxWord bounds the name of a category or of a type of events.
const maxWord = 100

func (t *table) kindOf(field Field) *kind {
	for i := range t.fields {
		if t.fields[i].Field == field {
			return &t.fields[i].kind
		}
	}
	return nil
}

// names of everything that may be a member of a filter, but for paths.
func (t *table) names() []string {
	names := []string{and, or, not}
	for _, f := range t.fields {
		names = append(names, string(f.Field))
	}
	for _, s := range t.shortForms {
		if t.kindOf(Field(s.name)) == nil {
			names = append(names, s.name)
		}
	}
	return names
}

func (t *table) unknown() error {
	return domain.Invalidf("", "is unknown: it must be one of %s, or a path within %s, e.g. %s.topic", strings.Join(t.names(), ", "), t.tree, t.tree)
}

// allowed are the operators that go with a kind.
func (k *kind) allowed() []string {
	return slices.DeleteFunc(slices.Clone(operators), func(o string) bool { return !k.allows(o) })
}
