package api

import (
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
)

// Caller says who calls, for which tenant, and what the call belongs to: all that a transport is told beside the request.
type Caller struct {
	// Tenant whose memories are meant; default domain.DefaultTenant.
	Tenant domain.Tenant
	// Principal is who calls, as the transport has made sure: "local:<account>", "anonymous".
	Principal string
	// Actor is who calls, in the caller's own words; default "anonymous".
	Actor string
	// Scopes are what the principal may do; they are the Authorizer's to read.
	Scopes []Scope
	// CommandID makes a command safe to repeat; default none.
	CommandID string
	// CorrelationID, CausationID and Traceparent are as in domain.Meta; default none.
	CorrelationID, CausationID, Traceparent string
}

// Check returns the caller with its defaults, or a malformed error that names the first bad field as in domain.Meta.
func (c Caller) Check() (Caller, error) {
	tenant, err := domain.ParseTenant(string(c.Tenant))
	if err != nil {
		return c, decode.Malformed(err)
	}
	meta, err := c.meta().Check()
	if err != nil {
		return c, decode.Malformed(err)
	}
	c.Tenant, c.Actor, c.Principal = tenant, meta.Actor, meta.Principal
	return c, nil
}

func (c *Caller) meta() domain.Meta {
	return domain.Meta{
		Actor: c.Actor, Principal: c.Principal, CommandID: c.CommandID,
		CorrelationID: c.CorrelationID, CausationID: c.CausationID, Traceparent: c.Traceparent,
	}
}

// command is what goes with a command of the caller's.
func (c *Caller) command(reason string, expectedVersion *int) commands.Request {
	r := commands.Request{Tenant: c.Tenant, Meta: c.meta(), Reason: reason}
	if expectedVersion != nil {
		r.ExpectedVersion = *expectedVersion
	}
	return r
}
