package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
)

// The headers that say who asks, for whom and on what condition.
const (
	headerTenant      = "Auren-Tenant"
	headerActor       = "Auren-Actor"
	headerSequenceID  = "Auren-Sequence-Id"
	headerKey         = "Idempotency-Key"
	headerCorrelation = "X-Correlation-Id"
	headerCausation   = "X-Causation-Id"
	headerTraceparent = "Traceparent"
	headerMatch       = "If-Match"
)

// caller is what the headers of a request say.
type caller struct {
	tenant domain.Tenant
	meta   domain.Meta
	match  match
}

// match is the If-Match of a request.
type match struct {
	given bool
	// version that the memory must be at; 0 means any, as long as it exists.
	version int
}

// readCaller reads the headers. One that cannot be right is malformed, with the header's name as the field.
func readCaller(h http.Header) (caller, error) {
	var c caller
	var tenant string
	for _, one := range []struct {
		header string
		into   *string
	}{
		{headerTenant, &tenant},
		{headerActor, &c.meta.Actor},
		{headerKey, &c.meta.CommandID},
		{headerCorrelation, &c.meta.CorrelationID},
		{headerCausation, &c.meta.CausationID},
		{headerTraceparent, &c.meta.Traceparent},
	} {
		var err error
		if *one.into, err = single(h, one.header); err != nil {
			return caller{}, malformed(err)
		}
	}
	err := c.check(tenant, h)
	if err != nil {
		return caller{}, malformed(inHeaders(err))
	}
	return c, nil
}

func (c *caller) check(tenant string, h http.Header) (err error) {
	if c.tenant, err = domain.ParseTenant(tenant); err != nil {
		return err
	}
	if c.meta.CommandID, err = unquote(c.meta.CommandID); err != nil {
		return err
	}
	if c.meta, err = c.meta.Check(); err != nil {
		return err
	}
	c.match, err = readMatch(h)
	return err
}

// single returns the value of a header that may be given once.
func single(h http.Header, name string) (string, error) {
	values := h[name]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", domain.Invalidf(name, "is given %d times; once is allowed", len(values))
	case values[0] == "":
		return "", domain.Invalidf(name, "is empty; leave it out instead")
	}
	return values[0], nil
}

// unquote takes a key as a string of a structured field (RFC 8941), as the Idempotency-Key is to be, or as it stands.
func unquote(key string) (string, error) {
	if !strings.HasPrefix(key, `"`) {
		return key, nil
	}
	inner, closed := strings.CutSuffix(key[1:], `"`)
	if !closed || inner == "" {
		return "", domain.Invalidf("command_id", "has an opening quote; a closing one with something in between is expected")
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(inner), nil
}

// readMatch reads If-Match: one strong entity tag, which is a version in quotes, or *.
func readMatch(h http.Header) (match, error) {
	values := h[headerMatch]
	if len(values) == 0 {
		return match{}, nil
	}
	given := strings.TrimSpace(strings.Join(values, ","))
	if given == "*" {
		return match{given: true}, nil
	}
	const allowed = `a version in quotes such as "3", or *, is expected`
	switch {
	case strings.HasPrefix(given, "W/"):
		return match{}, domain.Invalidf(headerMatch, "is a weak entity tag; "+allowed)
	case strings.Contains(given, ","):
		return match{}, domain.Invalidf(headerMatch, "holds several entity tags; "+allowed)
	}
	inner, opened := strings.CutPrefix(given, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	version, err := strconv.ParseInt(inner, 10, 32)
	if !opened || !closed || err != nil || version < 1 || strconv.FormatInt(version, 10) != inner {
		return match{}, domain.Invalidf(headerMatch, "is no version of a memory; "+allowed)
	}
	return match{given: true, version: int(version)}, nil
}

// inHeaders gives a field of the domain the name of the header that it came in.
func inHeaders(err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		return err
	}
	named := *e
	switch e.Field {
	case "tenant":
		named.Field = headerTenant
	case "actor":
		named.Field = headerActor
	case "command_id":
		named.Field = headerKey
	case "correlation_id":
		named.Field = headerCorrelation
	case "causation_id":
		named.Field = headerCausation
	case "traceparent":
		named.Field = headerTraceparent
	}
	return &named
}

// request is the command that a caller sends, with what the body (or the query of the URL) says besides.
func (c *caller) request(reason string, expectedVersion *int) (commands.Request, error) {
	r := commands.Request{Tenant: c.tenant, Meta: c.meta, ExpectedVersion: c.match.version}
	r.Meta.Reason = reason
	if expectedVersion == nil {
		return r, nil
	}
	if c.match.given && c.match.version != *expectedVersion {
		return r, malformed(domain.Invalidf("expected_version", "is %d and If-Match says otherwise; give one of them", *expectedVersion))
	}
	r.ExpectedVersion = *expectedVersion
	return r, nil
}

// unconditional is request for commands that are not about one memory that is there, so have no version to match.
func (c *caller) unconditional(reason string) (commands.Request, error) {
	if c.match.given {
		return commands.Request{}, malformed(domain.Invalidf(headerMatch, "has no meaning here; leave it out"))
	}
	return c.request(reason, nil)
}

// etag is the strong entity tag of a version.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }
