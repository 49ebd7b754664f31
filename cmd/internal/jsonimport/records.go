package jsonimport

import "slices"

// kind says which mapping a record has.
type kind string

const (
	kindFlat       kind = "flat"
	kindEvolution  kind = "evolution"
	kindHypothesis kind = "hypothesis"
	kindScore      kind = "relationship_score"
	kindKnowledge  kind = "knowledge"
	// kindStray is text after the end of the root value.
	kindStray kind = "stray"
)

// element is one record as its file has it.
type element struct {
	span
	kind kind
	// section is the path of the list within the file, "" for the root.
	section string
	index   int
}

// cutter cuts a file into its records, by its outline.
type cutter struct {
	tokens *tokenizer
	emit   func(element) error
	// unread is called with the name of a member that holds no record and does not apply to all of them.
	unread func(section string)
}

// cut emits the records of the next value in order. It stops at an error of emit and returns it.
func (c cutter) cut(o *outline, section string) error {
	next := c.tokens.next()
	switch {
	case next < 0:
		return c.tokens.ended()
	case next == '[':
		return c.list(kindFlat, section)
	case o.kind != '{' || next != '{' || !o.envelope():
		return c.one(kindFlat, section, 0)
	}
	return c.tokens.object(func(key string) error { return c.member(o, key, join(section, key)) })
}

func (c cutter) member(o *outline, key, section string) error {
	switch {
	case key == keyEvolution:
		return c.list(kindEvolution, section)
	case key == keyHypotheses:
		return c.list(kindHypothesis, section)
	case key == keyMemories:
		return c.list(kindFlat, section)
	case key == keyScore:
		return c.one(kindScore, section, 0)
	case key == keyData && o.wraps():
		return c.cut(o.parts[key], section)
	case key == keyKnowledge && c.tokens.next() == '{':
		return c.knowledge(section)
	}
	if !slices.Contains([]string{fieldAgentID, fieldUserID}, key) {
		c.unread(section)
	}
	return c.tokens.skip()
}

func (c cutter) knowledge(section string) error {
	return c.tokens.object(func(key string) error {
		if key == keyEntries {
			return c.list(kindKnowledge, join(section, key))
		}
		c.unread(join(section, key))
		return c.tokens.skip()
	})
}

// list emits the elements of an array. Null counts as an empty one; any other value as an array of that value.
func (c cutter) list(k kind, section string) error {
	switch c.tokens.next() {
	case '[':
		return c.tokens.list(section != "", func(index int) error { return c.one(k, section, index) })
	case 'n':
		return c.tokens.skip()
	default:
		return c.one(k, section, 0)
	}
}

func (c cutter) one(k kind, section string, index int) error {
	s := c.tokens.value(MaxRecordBytes)
	if err := c.emit(element{span: s, kind: k, section: section, index: index}); err != nil {
		return err
	}
	if s.open {
		return c.tokens.ended()
	}
	return nil
}

// rest emits what follows the root value, if anything.
func (c cutter) rest() error {
	t := c.tokens
	if t.next() < 0 {
		if err := t.ended(); err != errEndsEarly { //nolint:errorlint // compared with what ended itself returns
			return err
		}
		return nil
	}
	s := span{offset: t.offset()}
	for t.more() {
		t.take(&s, t.end-t.at, MaxRecordBytes)
	}
	return c.emit(element{span: s, kind: kindStray})
}
