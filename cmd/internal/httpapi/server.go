// Package httpapi is the HTTP transport: it reads and checks requests, calls a command, a query or the log, and maps
// the kind of an error to a status. See Server.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/queries"
)

// Operations is what the operational paths need: /health, /metrics, /version, /projections. It is all that a process
// without an API, such as a projector, serves.
type Operations struct {
	// Version of the program.
	Version string
	// Log gets internal errors, and each request at level debug; default none.
	Log *zap.Logger
	// Ready tells whether all parts work and, for each, "ok" or what is wrong with it; default always ready.
	Ready func(ctx context.Context) (ready bool, parts map[string]string)
	// Metrics serves /metrics; default no such path.
	Metrics http.Handler
	// Answered is told of every answer, with the pattern of the route ("unmatched" if none) and a method of HTTP's
	// own ("OTHER" if none); took is negative for a live feed. Default none.
	Answered func(route, method string, status int, took time.Duration)
	// Tracer makes the span of each request to the API; default none.
	Tracer trace.Tracer
	// Projections tells how far the projections are; default no such path.
	Projections func(ctx context.Context) ([]Projection, error)
}

// Deps is what the API needs besides.
type Deps struct {
	Operations
	Commands *commands.Handler
	Queries  *queries.Reader
	Store    *eventstore.Store
	// LogWatcher watches eventstore.LogChannel and must be running, else live feeds are late.
	LogWatcher *eventstore.Watcher
}

// Config tunes a Server; its zero value works.
type Config struct {
	// Addr to listen on; default DefaultAddr.
	Addr string
	// RequestTimeout bounds one request, but for live feeds; default 30 s.
	RequestTimeout time.Duration
	// BodyTimeout bounds the reading of a body; default 30 s.
	BodyTimeout time.Duration
	// WriteTimeout bounds the writing of an answer, and of one piece of a live feed; default 30 s.
	WriteTimeout time.Duration
	// Heartbeat is how often a live feed without news says that it lives; default 15 s.
	Heartbeat time.Duration
	// ShutdownTimeout is how long requests may take to end when Run ends; default 10 s.
	ShutdownTimeout time.Duration
}

// DefaultAddr is where the API listens when nothing is configured.
const DefaultAddr = "127.0.0.1:7430"

func (c *Config) fill() {
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&c.RequestTimeout, 30 * time.Second},
		{&c.BodyTimeout, 30 * time.Second},
		{&c.WriteTimeout, 30 * time.Second},
		{&c.Heartbeat, 15 * time.Second},
		{&c.ShutdownTimeout, 10 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
}

// Server serves the API. It is an http.Handler, safe for concurrent use, and listens by itself in Run.
type Server struct {
	deps    Deps
	config  Config
	mux     *http.ServeMux
	origins *http.CrossOriginProtection

	listener net.Listener
	// loopback says that only this machine reaches the listener.
	loopback bool
	// closing ends the live feeds.
	closing context.Context
	close   context.CancelFunc
}

// New makes a server of the whole API.
func New(deps Deps, config Config) *Server {
	s, a := newServer(deps, config)
	a.remembering()
	a.changing()
	a.forgetting()
	a.reading()
	a.searching()
	a.auditing()
	a.live()
	a.operating()
	a.documents()
	return s
}

// NewOperations makes a server of the operational paths alone.
func NewOperations(operations Operations, config Config) *Server {
	s, a := newServer(Deps{Operations: operations}, config)
	a.operating()
	a.documents()
	return s
}

func newServer(deps Deps, config Config) (*Server, *api) {
	config.fill()
	if deps.Log == nil {
		deps.Log = zap.NewNop()
	}
	if deps.Ready == nil {
		deps.Ready = func(context.Context) (bool, map[string]string) { return true, map[string]string{} }
	}
	if deps.Answered == nil {
		deps.Answered = func(string, string, int, time.Duration) {}
	}
	s := &Server{deps: deps, config: config, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection()}
	s.closing, s.close = context.WithCancel(context.Background())
	return s, &api{server: s, huma: newHuma(s.mux, deps.Version)}
}

// Listen takes the address and returns it, with the port that was taken where the configured one is 0. Run does it
// by itself where it has not been done. An address that is taken is an error that names AUREN_HTTP_ADDR.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.config.Addr)
	if err != nil {
		return nil, fmt.Errorf("http: %w; choose another address with AUREN_HTTP_ADDR", err)
	}
	s.listener, s.loopback = listener, isLoopback(listener.Addr())
	return listener.Addr(), nil
}

// Run serves until ctx ends; then it takes no more requests, ends the live feeds, gives what is under way
// Config.ShutdownTimeout, and returns nil, or an error where something had to be cut off. It runs once.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if _, err := s.Listen(ctx); err != nil {
			return err
		}
	}
	errorLog, err := zap.NewStdLogAt(s.deps.Log, zap.WarnLevel)
	if err != nil {
		return fmt.Errorf("log of the http server: %w", err)
	}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          errorLog,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	select {
	case err := <-served:
		s.close()
		return fmt.Errorf("http: %w", err)
	case <-ctx.Done():
	}
	s.close()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ShutdownTimeout)
	defer cancel()
	err = server.Shutdown(stopping)
	if err != nil {
		err = errors.Join(fmt.Errorf("http: requests under way were cut off: %w", err), server.Close())
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("http: %w", ended))
	}
	return err
}

// ServeHTTP answers one request. Whatever goes wrong, a panic included, is answered as a problem.
func (s *Server) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	start := time.Now()
	r, endSpan := s.startSpan(r)
	w := &response{ResponseWriter: out, request: r}
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
				panic(cause)
			}
			s.refuse(w, r, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
		route := s.answered(w, r, time.Since(start))
		endSpan(route, w.status)
	}()
	_ = http.NewResponseController(out).SetWriteDeadline(start.Add(s.config.RequestTimeout + s.config.WriteTimeout))
	if err := s.checkHost(r); err != nil {
		w.matched = true
		s.refuse(w, r, err)
		return
	}
	if err := s.origins.Check(r); err != nil {
		w.matched = true
		s.refuse(w, r, domain.Errorf(domain.Forbidden, "the request comes from a page of another origin"))
		return
	}
	s.mux.ServeHTTP(w, r)
	if r.Pattern == "" {
		s.unmatched(w, r)
	}
}

// refuse answers with the problem that an error is. One that is internal is logged. Where an answer has begun
// already, or the client has gone, there is nobody to tell.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError {
		if r.Context().Err() != nil {
			return
		}
		p.RequestID = uuid.NewString()
		s.deps.Log.Error("a request failed", zap.String("request_id", p.RequestID), zap.String("method", r.Method),
			zap.String("route", r.Pattern), zap.Error(err))
	}
	if begun, ok := w.(*response); ok && begun.status != 0 {
		return
	}
	p.write(w)
}

// unmatched answers what no operation answers: the mux has only said with which status.
func (s *Server) unmatched(w *response, r *http.Request) {
	status := w.status
	w.status, w.matched = 0, true
	r.Body.Close()
	switch status {
	case http.StatusNotFound:
		s.refuse(w, r, domain.Errorf(domain.NotFound, "there is no such path; GET /openapi.json lists all"))
	case http.StatusMethodNotAllowed:
		s.refuse(w, r, &refusal{status, "method-not-allowed", "Method not allowed",
			domain.Errorf(domain.Invalid, "the method %s is not allowed here; allowed are %s", r.Method, w.Header().Get("Allow"))})
	default:
		s.refuse(w, r, &refusal{status, "malformed", "The request cannot be read",
			domain.Errorf(domain.Invalid, "the request is not one for this server")})
	}
}

// statusClientGone is told of a request whose client went away before it was answered.
const statusClientGone = 499

// answered tells of an answer and returns the route that it was given by.
func (s *Server) answered(w *response, r *http.Request, took time.Duration) (route string) {
	route, method := "unmatched", r.Method
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		route = path
	}
	if w.status == 0 {
		w.status = statusClientGone
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "OTHER"
	}
	if ce := s.deps.Log.Check(zap.DebugLevel, "request"); ce != nil {
		ce.Write(zap.String("method", method), zap.String("route", route), zap.Int("status", w.status), zap.Duration("took", took))
	}
	if w.live {
		took = -1
	}
	s.deps.Answered(route, method, w.status, took)
	return route
}
