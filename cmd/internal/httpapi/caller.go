package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
)

// The headers that say who asks, for whom and on what condition.
const (
	headerTenant     = "Auren-Tenant"
	headerSequenceID = "Auren-Sequence-Id"
	headerMatch      = "If-Match"
)

// Header binds a field of a Caller, by its name in errors, to the header that carries it.
type Header struct {
	Field, Name string
	Of          func(c *api.Caller) *string
}

// Headers are those of a Caller.
func Headers() []Header {
	return []Header{
		{"tenant", headerTenant, func(c *api.Caller) *string { return (*string)(&c.Tenant) }},
		{"actor", "Auren-Actor", func(c *api.Caller) *string { return &c.Actor }},
		{"command_id", "Idempotency-Key", func(c *api.Caller) *string { return &c.CommandID }},
		{"correlation_id", "X-Correlation-Id", func(c *api.Caller) *string { return &c.CorrelationID }},
		{"causation_id", "X-Causation-Id", func(c *api.Caller) *string { return &c.CausationID }},
		{"traceparent", "Traceparent", func(c *api.Caller) *string { return &c.Traceparent }},
	}
}

// match is the If-Match of a request.
type match struct {
	given bool
	// version that the memory must be at; 0 means any, as long as it exists.
	version int
}

// readCaller reads the headers. One that cannot be right is malformed, with the header's name as the field.
func readCaller(r *http.Request) (c api.Caller, err error) {
	c.Principal = "anonymous"
	for _, h := range Headers() {
		if *h.Of(&c), err = single(r.Header, h.Name); err != nil {
			return c, decode.Malformed(err)
		}
	}
	if c.CommandID, err = unquote(c.CommandID); err != nil {
		return c, decode.Malformed(inHeaders(err))
	}
	if c, err = c.Check(); err != nil {
		return c, inHeaders(err)
	}
	c.Traceparent = traceparent(r.Context(), c.Traceparent)
	return c, nil
}

// single returns the value of a header that may be given once.
func single(h http.Header, name string) (string, error) {
	values := h[name]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", domain.Invalidf(name, "must be given once, got %d values", len(values))
	case values[0] == "":
		return "", domain.Invalidf(name, "must not be empty: leave it out instead")
	}
	return values[0], nil
}

// unquote reads a key that is a string of a structured field (RFC 8941), as the Idempotency-Key should be, or takes it as it stands.
func unquote(key string) (string, error) {
	if !strings.HasPrefix(key, `"`) {
		return key, nil
	}
	inner, closed := strings.CutSuffix(key[1:], `"`)
	if !closed || inner == "" {
		return "", domain.Invalidf("command_id", `must be a key, or a key in quotes, e.g. "order-4711"`)
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
	inner, opened := strings.CutPrefix(given, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	version, err := strconv.ParseInt(inner, 10, 32)
	if !opened || !closed || err != nil || version < 1 || strconv.FormatInt(version, 10) != inner {
		return match{}, decode.Malformed(domain.Invalidf(headerMatch, `must be one version of a memory in quotes, e.g. "3", or *`))
	}
	return match{given: true, version: int(version)}, nil
}

// inHeaders gives a field of a Caller the name of the header that it came in.
func inHeaders(err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		return err
	}
	for _, h := range Headers() {
		if h.Field == e.Field {
			named := *e
			named.Field = h.Name
			return &named
		}
	}
	return err
}

// etag is the strong entity tag of a version.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }
