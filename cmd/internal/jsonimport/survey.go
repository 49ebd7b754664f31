package jsonimport

import (
	"maps"
	"slices"
)

// The keys that mean something in a root object. Those of a record are in flat.go.
const (
	keyEvolution  = "evolution_history"
	keyHypotheses = "hypotheses"
	keyScore      = "relationship_score"
	keyMemories   = "memories"
	keyData       = "data"
	keyKnowledge  = "knowledge_base"
	keyEntries    = "entries"
)

const (
	maxFieldBytes = 64 << 10
	maxMembers    = 1000
	maxWrappers   = 16
)

// outline is the result of the first pass over a file: its shape, and the fields that apply to all its records. It is
// small, however large the file.
type outline struct {
	// kind is the first byte of the value; 0 for an empty file.
	kind byte
	// first is the first byte of the first element of an array; 0 if it has none.
	first byte
	// keys are the names of the first maxMembers members.
	keys []string
	// fields are the values of agent_id, user_id and relationship_score.
	fields fields
	// parts are the members that can hold records.
	parts map[string]*outline
}

// surveyor makes the outline of a file.
type surveyor struct {
	tokens *tokenizer
	// hypothesis is called with each hypothesis of the file; may be nil.
	hypothesis func(index int, s span)
}

// survey makes the outline of the next value; if the value ends too early, of what there is.
func (s surveyor) survey(depth int) (*outline, error) {
	t := s.tokens
	o := &outline{fields: fields{}, parts: map[string]*outline{}}
	c := t.next()
	switch {
	case c < 0:
		return o, t.ended()
	case c == '[' && depth == 0:
		o.kind = '['
		return o, nil // its elements are records, whatever they hold
	case c == '[':
		o.kind = '['
		return o, t.list(true, func(index int) error {
			if index == 0 {
				o.first = byte(t.next())
			}
			return t.skip()
		})
	case c != '{' || depth > maxWrappers:
		o.kind = byte(c)
		return o, t.skip()
	}
	o.kind = '{'
	return o, t.object(func(key string) error { return s.member(o, key, depth) })
}

func (s surveyor) member(o *outline, key string, depth int) error {
	if len(o.keys) < maxMembers && !slices.Contains(o.keys, key) {
		o.keys = append(o.keys, key)
	}
	switch key {
	case keyHypotheses:
		return s.hypotheses(o)
	case keyEvolution, keyMemories, keyData, keyKnowledge, keyEntries:
		part, err := s.survey(depth + 1)
		o.parts[key] = part
		return err
	case fieldAgentID, fieldUserID, keyScore:
		value := s.tokens.value(maxFieldBytes)
		if value.open {
			return s.tokens.ended()
		}
		if value.length <= maxFieldBytes {
			o.fields[key] = value.raw
		}
		return nil
	default:
		return s.tokens.skip()
	}
}

func (s surveyor) hypotheses(o *outline) error {
	if s.hypothesis == nil || s.tokens.next() != '[' {
		part, err := s.survey(maxWrappers)
		o.parts[keyHypotheses] = part
		return err
	}
	part := &outline{kind: '['}
	o.parts[keyHypotheses] = part
	return s.tokens.list(true, func(index int) error {
		value := s.tokens.value(MaxRecordBytes)
		if value.open {
			return s.tokens.ended()
		}
		s.hypothesis(index, value)
		return nil
	})
}

func (o *outline) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(o.keys, key) })
}

// list reports whether a member is an array, or null in place of one.
func (o *outline) list(key string) bool {
	part := o.parts[key]
	return part != nil && (part.kind == '[' || part.kind == 'n')
}

// specialist reports whether an object is the root of a specialist_memory.json.
func (o *outline) specialist() bool {
	return o.list(keyEvolution) || o.list(keyHypotheses)
}

// wraps reports whether the member data wraps records, rather than being the content of one record. If it holds a list
// of objects, it is content only if the fields beside it clearly make the object a record.
func (o *outline) wraps() bool {
	part := o.parts[keyData]
	switch {
	case part == nil:
		return false
	case part.kind == '{' && part.envelope():
		return true
	case part.kind == '[' && (part.first == 0 || part.first == '{'):
		return !o.has(fieldID, fieldMemoryType, fieldConfidence, fieldDeleted, "content", "value", "text", "message")
	default:
		return part.kind == '{' && !o.has(recordKeys...)
	}
}

// envelope reports whether an object holds records, rather than being one.
func (o *outline) envelope() bool {
	knowledge := o.parts[keyKnowledge]
	return len(o.keys) == 0 || o.specialist() || o.list(keyMemories) || o.wraps() ||
		knowledge != nil && knowledge.kind == '{' && knowledge.list(keyEntries) ||
		o.has(keyScore) && !o.has(recordKeys...)
}

// fileLevel returns the fields that apply to all records of a file; an inner object overrides an outer one.
func (o *outline) fileLevel() fields {
	level := fields{}
	for inner := o; inner != nil; inner = inner.parts[keyData] {
		if inner.kind == '{' && inner.envelope() {
			maps.Copy(level, inner.fields)
		}
	}
	return level
}
