package jsonimport

import (
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
)

// namespace is that of all ids that are derived from records: the version 5 UUID of the URL
// https://github.com/auren-memory/auren/import. It never changes.
var namespace = uuid.MustParse("a2bbc77b-473a-54e4-a115-7d073af066b2")

// ownID returns the id that a record gives itself, if it is a UUID.
func ownID(raw json.RawMessage) (uuid.UUID, bool) {
	id, err := uuid.Parse(strings.TrimSpace(textOf(raw)))
	return id, err == nil && id != uuid.Nil
}

// identify sets the id of a memory from the field id of its record: the id itself where it is a UUID, else the UUID
// of agent, user, id and the time the record gives itself, if any, or where there is no id, of agent, user and the
// whole record.
func (d *draft) identify(time json.RawMessage) {
	r := &d.record
	agent, user := r.Draft.AgentID, r.Draft.UserID
	if !d.fields.given(fieldID) {
		r.ID = derive(agent, user, d.source)
		return
	}
	id, ok := ownID(d.fields[fieldID])
	if ok {
		d.fields.take(fieldID)
		r.ID = id
		return
	}
	r.ID = derive(agent, user, fieldID, d.fields[fieldID], time)
	d.note(NoteIDDerived, fieldID, "%s is no UUID; the memory's id was derived from it", excerpt(d.fields[fieldID]))
}

// derive returns the version 5 UUID of the canonical JSON of a list.
func derive(parts ...any) uuid.UUID {
	return uuid.NewSHA1(namespace, list(parts...))
}

// digest tells whether a record is the same as when it was imported last. It covers what the record itself says and
// whose it is, and not what its file gives to it, so that a file that grew changes none of its old records.
func digest(k kind, agent, user string, source json.RawMessage) [sha256.Size]byte {
	return sha256.Sum256(list("auren json import 1", k, agent, user, source))
}

// list writes values, each of which is valid JSON already or a text, as canonical JSON.
func list(parts ...any) []byte {
	raw, err := canonicalList(parts...)
	if err != nil {
		// An agent or user too odd for the domain is refused by it a moment later: any id will do.
		return nil
	}
	return raw
}

func canonicalList(parts ...any) ([]byte, error) {
	raw := []byte{'['}
	for i, part := range parts {
		if i > 0 {
			raw = append(raw, ',')
		}
		switch p := part.(type) {
		case string:
			raw = canonjson.AppendText(raw, p)
		case json.RawMessage:
			if p == nil {
				p = json.RawMessage("null")
			}
			raw = append(raw, p...)
		default:
			encoded, err := json.Marshal(p)
			if err != nil {
				return nil, err
			}
			raw = append(raw, encoded...)
		}
	}
	value, err := canonjson.Parse(append(raw, ']'))
	return value.Raw(), err
}
