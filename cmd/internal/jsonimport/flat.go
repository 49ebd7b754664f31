package jsonimport

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain/memory"
)

func (d *draft) flat() error {
	if err := d.flatOwner(); err != nil {
		return err
	}
	at := d.fields[fieldTimestamp]
	if at == nil {
		at = d.fields[fieldCreatedAt]
	}
	d.identify(at)
	d.flatType()
	d.takeConfidence(fieldConfidence)
	if !d.occurred(fieldTimestamp, fieldCreatedAt, fieldUpdatedAt) {
		d.note(NoteTimeMissing, fieldTimestamp, "no time; the file's was used")
	}
	if err := d.flatLife(); err != nil {
		return err
	}
	if err := d.flatMetadata(); err != nil {
		return err
	}
	d.flatContent()
	d.left = d.fields
	return nil
}

func (d *draft) flatOwner() error {
	for _, name := range []string{fieldAgentID, fieldUserID} {
		if value := d.fields[name]; len(value) > 0 && (value[0] == '{' || value[0] == '[') {
			return fmt.Errorf("%s: must be a string, got %s", name, kindOf(value))
		}
	}
	agent := d.mapper.owners.byName(d.in.path)
	if d.in.level.given(fieldAgentID) {
		agent = d.mapper.owners.named(textOf(d.in.level[fieldAgentID]))
	}
	if d.fields.given(fieldAgentID) {
		agent = d.mapper.owners.named(textOf(d.fields.take(fieldAgentID)))
	}
	if agent == "" {
		agent = d.mapper.owners.agent
	}
	if agent == "" {
		agent = unknownAgent
		d.note(NoteAgentUnknown, fieldAgentID, "neither the record nor its file names an agent; %q was used", agent)
	}
	d.owner(agent)
	if d.fields.given(fieldUserID) {
		d.record.Draft.UserID = d.mapper.owners.renamed(textOf(d.fields.take(fieldUserID)))
	}
	return nil
}

func (d *draft) flatType() {
	r := &d.record.Draft
	r.Type = memory.DefaultType
	name := fieldMemoryType
	if !d.fields.given(name) {
		name = fieldType
	}
	if !d.fields.given(name) {
		return
	}
	written := strings.TrimSpace(textOf(d.fields.take(name)))
	lower := strings.ToLower(written)
	if alias, ok := typeAliases[lower]; ok {
		lower = alias
	}
	if slices.Contains(knownTypes, lower) {
		r.Type = lower
		return
	}
	r.Type = written
	d.note(NoteTypeUnknown, name, "%s is not a type of the old system; it was kept", excerpt([]byte(written)))
}

// flatLife reads when the memory expires and whether it was deleted. An unreadable value rejects the record: a deleted
// memory must not be revived by mistake.
func (d *draft) flatLife() error {
	deleted, ok := boolOf(d.fields[fieldDeleted])
	if !ok {
		return fmt.Errorf("is_deleted: must be true or false, got %s", excerpt(d.fields[fieldDeleted]))
	}
	d.record.Forgotten = deleted
	d.fields.take(fieldDeleted)
	if !d.fields.given(fieldExpiresAt) {
		d.fields.take(fieldExpiresAt)
		return nil
	}
	t, err := d.moment(fieldExpiresAt)
	if err != nil {
		return fmt.Errorf("expires_at: %w", err)
	}
	d.record.Draft.ExpiresAt = &t.Time
	if !t.naive {
		d.fields.take(fieldExpiresAt)
	}
	return nil
}

func (d *draft) flatMetadata() error {
	raw := d.fields.take(fieldMetadata)
	var err error
	switch {
	case len(raw) == 0 || string(raw) == "null":
	case raw[0] == '{':
		if d.metadata, err = fieldsOf(raw); err != nil {
			return errors.New("metadata: must be an object")
		}
	default:
		d.metadata = fields{"value": raw}
		d.note(NoteMetadataWrapped, fieldMetadata, "is %s; it was kept as the member value of an object", kindOf(raw))
	}
	return nil
}

// flatContent takes the content and leaves in fields what is not part of it.
func (d *draft) flatContent() {
	for _, key := range contentKeys {
		if content := d.fields.take(key); content != nil {
			d.content = content
			return
		}
	}
	content := map[string]any{}
	for key := range d.fields {
		if !slices.Contains(knownFields, key) {
			content[key] = d.fields.take(key)
		}
	}
	d.content = object(content)
}

// knowledge maps one entry of a knowledge_base.json, whose agent and user come from the flags.
func (d *draft) knowledge() error {
	if !d.fields.given("title") && !d.fields.given("content") {
		return errors.New("content: content or title is required")
	}
	agent := d.mapper.owners.agent
	if agent == "" {
		agent = d.mapper.owners.named(keyKnowledge)
	}
	d.owner(agent)
	d.identify(nil)
	d.record.Draft.Type = "knowledge"
	d.takeConfidence("confidence_score")
	if !d.occurred("last_updated") {
		d.note(NoteTimeMissing, "last_updated", "no time; the file's was used")
	}
	d.content = d.fields.merged(nil)
	return nil
}
