// Package domain holds the terms that all parts of AUREN share: tenants, actors and command ids, kinds of error, and the
// bounds of texts, numbers and times.
package domain

import (
	"regexp"
	"strings"
	"unicode"
)

// DefaultTenant is the tenant of callers that do not name one.
const DefaultTenant Tenant = "default"

// Tenant names an isolated world: its own log, memories and keys.
type Tenant string

var tenantPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// ParseTenant checks the name of a tenant; the empty name means DefaultTenant.
func ParseTenant(name string) (Tenant, error) {
	if name == "" {
		return DefaultTenant, nil
	}
	if !tenantPattern.MatchString(name) {
		return "", Invalidf("tenant", "must be 1 to 63 lower-case letters, digits, - and _, starting with a letter or digit, got %q", name)
	}
	return Tenant(name), nil
}

// Meta holds the sender and the context of a command. It is stored with every event of the command.
type Meta struct {
	// Actor names the sender, as declared by the sender; default "anonymous".
	Actor string `json:"actor"`
	// Principal names the authenticated sender, such as "local:<user>" or "system:sweeper"; default "anonymous".
	Principal string `json:"principal,omitempty"`
	// CommandID makes the command idempotent; default none.
	CommandID string `json:"command_id,omitempty"`
	// CorrelationID groups everything that belongs to one piece of work; default none.
	CorrelationID string `json:"correlation_id,omitempty"`
	// CausationID identifies the cause of the command, often an event id; default none.
	CausationID string `json:"causation_id,omitempty"`
	// Traceparent is the W3C trace context of the request; default none.
	Traceparent string `json:"traceparent,omitempty"`
}

// The maximum lengths of a Meta's texts, in characters.
const (
	MaxActor     = 255
	MaxReason    = 2000
	MaxReference = 255
)

// Check returns the Meta with its defaults filled in, or an Error that names the first bad field.
func (m Meta) Check() (Meta, error) {
	if m.Actor == "" {
		m.Actor = "anonymous"
	}
	if m.Principal == "" {
		m.Principal = "anonymous"
	}
	if m.CommandID != "" {
		if err := checkCommandID(m.CommandID); err != nil {
			return Meta{}, err
		}
	}
	for _, t := range []struct {
		field, value string
		limit        int
	}{
		{"actor", m.Actor, MaxActor},
		{"principal", m.Principal, MaxActor},
		{"correlation_id", m.CorrelationID, MaxReference},
		{"causation_id", m.CausationID, MaxReference},
		{"traceparent", m.Traceparent, MaxReference},
	} {
		if err := CheckText(t.field, t.value, t.limit); err != nil {
			return Meta{}, err
		}
		// A header of HTTP loses the white space around it and cannot hold control characters: no door takes what another cannot.
		if strings.ContainsFunc(t.value, unicode.IsControl) {
			return Meta{}, Invalidf(t.field, "must hold no control character")
		}
		if strings.TrimSpace(t.value) != t.value {
			return Meta{}, Invalidf(t.field, "must not begin or end with white space")
		}
	}
	return m, nil
}

func checkCommandID(id string) error {
	if len(id) > MaxReference {
		return Invalidf("command_id", "must be 1 to %d characters, got %d", MaxReference, len(id))
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return Invalidf("command_id", "must be visible ASCII without spaces: the characters ! to ~")
		}
	}
	return nil
}
