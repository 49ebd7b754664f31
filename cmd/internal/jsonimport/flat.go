package jsonimport

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain/memory"
)

func (d *draft) flat() error {
	if err := d.flatOwner(); err != nil {
		return err
	}
	d.identify(fieldTimestamp, fieldCreatedAt)
	d.flatType()
	d.takeConfidence(fieldConfidence)
	if !d.occurred(fieldTimestamp, fieldCreatedAt, fieldUpdatedAt) {
		d.note(NoteTimeMissing, fieldTimestamp, "no time; the file's was used")
	}
	if err := d.flatLife(); err != nil {
		return err
	}
	d.flatMetadata()
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

// flatLife reads when the memory expires and is valid, and whether it was deleted. An unreadable expiry or deletion rejects the record: a deleted
// memory must not be revived by mistake.
func (d *draft) flatLife() error {
	deleted, ok := boolOf(d.fields[fieldDeleted])
	if !ok {
		return fmt.Errorf("is_deleted: must be true or false, got %s", excerpt(d.fields[fieldDeleted]))
	}
	d.record.Forgotten = deleted
	d.fields.take(fieldDeleted)
	var err error
	if d.record.Draft.ExpiresAt, err = d.optionalMoment(fieldExpiresAt); err != nil {
		return fmt.Errorf("expires_at: %w", err)
	}
	d.record.Draft.ValidFrom = d.validity(fieldValidFrom)
	d.record.Draft.ValidTo = d.validity(fieldValidTo)
	return nil
}

// validity takes an end of the validity; nil for one that is no time, which stays among the fields.
func (d *draft) validity(name string) *time.Time {
	t, err := d.optionalMoment(name)
	if err != nil {
		d.note(NoteTimeUnread, name, "%v; it was kept in the metadata", err)
	}
	return t
}

// optionalMoment takes a field that is a time; nil without one.
func (d *draft) optionalMoment(name string) (*time.Time, error) {
	if !d.fields.given(name) {
		d.fields.take(name)
		return nil, nil
	}
	t, err := d.moment(name)
	if err != nil {
		return nil, err
	}
	if !t.naive {
		d.fields.take(name)
	}
	return &t.Time, nil
}

func (d *draft) flatMetadata() {
	raw := d.fields.take(fieldMetadata)
	switch {
	case len(raw) == 0 || string(raw) == "null":
	case raw[0] == '{':
		d.metadata = fieldsOf(d.source.Member(fieldMetadata))
	default:
		d.metadata = fields{"value": raw}
		d.note(NoteMetadataWrapped, fieldMetadata, "is %s; it was kept as the member value of an object", kindOf(raw))
	}
}

// flatContent takes the content and leaves in fields what is not part of it.
func (d *draft) flatContent() {
	for _, key := range contentKeys {
		if content := d.fields.take(key); content != nil {
			d.content = content
			return
		}
	}
	content := fields{}
	for key := range d.fields {
		if !slices.Contains(knownFields, key) {
			content[key] = d.fields.take(key)
		}
	}
	d.content = content.object()
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
	d.identify()
	d.record.Draft.Type = "knowledge"
	d.takeConfidence("confidence_score")
	if !d.occurred("last_updated") {
		d.note(NoteTimeMissing, "last_updated", "no time; the file's was used")
	}
	d.content = d.fields.object()
	return nil
}
