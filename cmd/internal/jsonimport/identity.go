package jsonimport

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
)

// ownID returns the id that a record gives itself, if it is a UUID.
func ownID(raw json.RawMessage) (uuid.UUID, bool) {
	id, err := uuid.Parse(strings.TrimSpace(textOf(raw)))
	return id, err == nil && id != uuid.Nil
}

// identify sets what finds the memory again, from the field id of its record: that id if it is a UUID; for another id, a key
// of agent, user, id and the record's time, if any; without an id, a key of agent, user and the whole record.
func (d *draft) identify(time json.RawMessage) {
	r := &d.record
	agent, user := r.Draft.AgentID, r.Draft.UserID
	if !d.fields.given(fieldID) {
		r.Key = d.mapper.key(agent, user, d.source)
		return
	}
	id, ok := ownID(d.fields[fieldID])
	if ok {
		d.fields.take(fieldID)
		r.ID = id
		return
	}
	r.Key = d.mapper.key(agent, user, fieldID, d.fields[fieldID], time)
	d.note(NoteIDDerived, fieldID, "%s is not a UUID; the memory got an id of its own", excerpt(d.fields[fieldID]))
}

// key is the same for the same parts within a tenant.
func (m mapper) key(parts ...any) [sha256.Size]byte { return m.keyed("auren import id", parts) }

// digest shows whether a record has changed since its last import. It covers the record, its agent and its user, but
// not what its file contributes, so a file that grew changes none of its old records. It is keyed by the tenant's secret.
func (m mapper) digest(k kind, agent, user string, source json.RawMessage) [sha256.Size]byte {
	return m.keyed("auren import digest", []any{k, agent, user, source})
}

func (m mapper) keyed(purpose string, parts []any) (mac [sha256.Size]byte) {
	raw, _ := canonicalList(append([]any{purpose}, parts...)...) // on an error the domain rejects the agent or user in a moment: any key will do
	h := hmac.New(sha256.New, m.secret)
	h.Write(raw)
	h.Sum(mac[:0])
	return mac
}

// canonicalList writes values as a list in canonical JSON.
func canonicalList(parts ...any) ([]byte, error) {
	raw, err := json.Marshal(parts)
	if err != nil {
		return nil, err
	}
	value, err := canonjson.Parse(raw)
	return value.Raw(), err
}
