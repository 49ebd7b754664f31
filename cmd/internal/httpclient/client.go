// Package httpclient is a door to an AUREN server elsewhere: it makes the calls of package api over HTTP, as httpapi binds
// them. Its errors name the server, and never a key.
package httpclient

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/domain"
)

// Config says which server is meant.
type Config struct {
	// URL of the server, as in http://127.0.0.1:7430, which config.CheckURL has allowed.
	URL string
	// Key is sent with every request, as Authorization: Bearer; default none.
	Key string
	// Version of this program, for errors.
	Version string
	// Interrupted is called when a feed is cut off and asked for again, once for an outage; default nobody is told.
	Interrupted func()
}

// Client is a Door, safe for concurrent use.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
	routes map[*api.Operation]httpapi.Route

	// callTimeout bounds one call.
	callTimeout time.Duration
	// getTimeout bounds what a server answers at once. It is less than auren status takes.
	getTimeout time.Duration
	// maxSilence is how long a stream may take to begin, or say nothing before it is asked for again: three heartbeats.
	maxSilence time.Duration
}

// Open asks the server who it is. It is an error if the server cannot be reached, refuses the key, is not AUREN or speaks
// another version of the API.
func Open(ctx context.Context, config Config) (*Client, error) {
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	return c, c.checkServer(ctx)
}

func newClient(config Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(config.URL, "/"))
	if err != nil {
		return nil, err
	}
	c := &Client{
		config: config, base: base, routes: map[*api.Operation]httpapi.Route{},
		callTimeout: time.Minute, getTimeout: 8 * time.Second, maxSilence: 45 * time.Second,
	}
	// A redirect would repeat a command, and show the key, elsewhere.
	c.http = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, route := range httpapi.Routes() {
		c.routes[route.Operation] = route
	}
	return c, nil
}

// Close ends the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) checkServer(ctx context.Context) error {
	a, err := c.get(ctx, "/version")
	if err != nil {
		return err
	}
	if a.code/100 == 3 {
		return fmt.Errorf("the server at %s redirects elsewhere: name the server itself", c.base)
	}
	var server struct {
		Version string
		API     int
	}
	if err := json.Unmarshal(a.body, &server); err != nil || a.code != http.StatusOK || server.Version == "" {
		if err := c.refused(a); err != nil {
			return err
		}
		return fmt.Errorf(`the server at %s is not AUREN: GET /version answers %s (%s), but must answer 200 with JSON such as {"version": "v1.0.0", "api": %d}`,
			c.base, a.status, cmp.Or(a.header.Get("Content-Type"), "no Content-Type"), api.Version)
	}
	if server.API != api.Version {
		return fmt.Errorf("the server at %s is AUREN %s, which speaks version %d of the API; this is AUREN %s, which speaks version %d: use the auren of the server's version",
			c.base, server.Version, server.API, c.config.Version, api.Version)
	}
	return nil
}

// Ready asks the server whether all its parts work, and for each "ok" or what is wrong with it.
func (c *Client) Ready(ctx context.Context) (ready bool, parts map[string]string, err error) {
	a, err := c.get(ctx, "/health/ready")
	if err != nil {
		return false, nil, err
	}
	var health struct {
		Status string
		Checks map[string]string
	}
	if err := json.Unmarshal(a.body, &health); err != nil || health.Status == "" {
		return false, nil, c.unexpected(a)
	}
	return a.code == http.StatusOK, health.Checks, nil
}

// Do makes one call.
func (c *Client) Do(ctx context.Context, caller api.Caller, op *api.Operation, request []byte) (api.Reply, error) {
	r, memory, err := newRequest(ctx, c.base, c.routes[op], caller, request)
	if err != nil {
		return api.Reply{}, api.ErrorOf(api.ProblemOf(err), memory)
	}
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	a, err := c.send(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)), c.callTimeout)
	if err != nil {
		return api.Reply{}, outcomeUnknown(err, op, sent.Load())
	}
	if a.code/100 != 2 {
		return api.Reply{}, outcomeUnknown(c.problem(a, memory), op, a.code == http.StatusBadGateway || a.code == http.StatusGatewayTimeout)
	}
	body, err := op.DecodeAnswer(a.body)
	if err != nil {
		return api.Reply{}, c.unexpected(a)
	}
	reply := api.Reply{Body: body}
	reply.Version, _ = strconv.Atoi(strings.Trim(a.header.Get("ETag"), `"`))
	reply.SequenceID, _ = strconv.ParseInt(a.header.Get("Auren-Sequence-Id"), 10, 64)
	return reply, nil
}

// outcomeUnknown adds to the error of a command that was sent and not answered that it may have been carried out.
func outcomeUnknown(err error, op *api.Operation, sent bool) error {
	if !sent || op.Scope != api.Write || domain.KindOf(err) != domain.Unavailable {
		return err
	}
	return domain.Errorf(domain.Unavailable, "%v; the command may have been carried out all the same", err)
}

// maxAnswer is more than any page takes.
const maxAnswer = 1 << 30

// answer is one of the server, read whole.
type answer struct {
	code   int
	status string
	header http.Header
	body   []byte
}

// get asks for a document.
func (c *Client) get(ctx context.Context, path string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+path, nil)
	if err != nil {
		return answer{}, err
	}
	return c.send(r, c.getTimeout)
}

// send makes a request and reads the answer, both within a time.
func (c *Client) send(r *http.Request, within time.Duration) (answer, error) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), within, c.silent(within))
	defer cancel()
	response, err := c.start(r.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	return c.read(response)
}

// start makes a request; the caller closes the response's body.
func (c *Client) start(r *http.Request) (*http.Response, error) {
	if c.config.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.config.Key)
	}
	r.Header.Set("User-Agent", "auren/"+c.config.Version)
	response, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(r.Context(), err)
	}
	return response, nil
}

func (c *Client) read(r *http.Response) (answer, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		return answer{}, c.unreachable(r.Request.Context(), err)
	}
	return answer{r.StatusCode, r.Status, r.Header, body}, nil
}

// unreachable says why there is no answer. The library's own words repeat the method and the URL.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if silent, ok := errors.AsType[*domain.Error](context.Cause(ctx)); ok {
		return silent
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if ctx.Err() != nil {
		return domain.Errorf(domain.Unavailable, "the server at %s does not answer in time", c.base)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		err = dial.Err
	}
	return domain.Errorf(domain.Unavailable, "the server at %s cannot be reached: %v", c.base, err)
}

// silent is why a request is given up after a time.
func (c *Client) silent(within time.Duration) error {
	return domain.Errorf(domain.Unavailable, "the server at %s does not answer within %s", c.base, within)
}

// refused is the error of a proxy that did not let a request through; nil if the answer is none.
func (c *Client) refused(a answer) error {
	switch a.code {
	case http.StatusUnauthorized, http.StatusForbidden:
		key := "was refused"
		if c.config.Key == "" {
			key = "is missing"
		}
		return domain.Errorf(domain.Forbidden, "the key (AUREN_KEY) %s: the server at %s answers %s", key, c.base, a.status)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return domain.Errorf(domain.Unavailable, "the server at %s cannot be reached: a proxy answers %s; try again", c.base, a.status)
	}
	return nil
}

// unexpected is the error of an answer that AUREN does not give.
func (c *Client) unexpected(a answer) error {
	if err := c.refused(a); err != nil {
		return err
	}
	kind := domain.Internal
	if a.code >= http.StatusInternalServerError {
		kind = domain.Unavailable
	}
	return &domain.Error{Kind: kind, Message: fmt.Sprintf("the server at %s gave an unexpected reply: %s", c.base, a.status)}
}

// problem is the error that an answer stands for.
func (c *Client) problem(a answer, memory string) error {
	var p api.Problem
	if err := json.Unmarshal(a.body, &p); err != nil || p.Type == "" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		return c.unexpected(a)
	}
	// A header is named as the field that it carries.
	for i, e := range p.Errors {
		for _, h := range httpapi.Headers() {
			if e.Field == h.Name {
				p.Errors[i].Field = h.Field
				p.Detail = strings.Replace(p.Detail, h.Name+": ", h.Field+": ", 1)
			}
		}
	}
	if p.Status == http.StatusInternalServerError {
		p.Detail = fmt.Sprintf("the server at %s failed; its log has the details under request_id %s", c.base, p.RequestID)
	}
	return api.ErrorOf(p, memory)
}
