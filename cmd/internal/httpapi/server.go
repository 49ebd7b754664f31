// Package httpapi binds the operations of package api to HTTP: to methods and paths, status, ETag, If-Match, Location and
// server-sent events, and describes them as OpenAPI. See Routes and Server.
package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/domain"
)

// Server serves the API. It is an http.Handler, safe for concurrent use, and listens by itself in Run.
type Server struct {
	Operations
	config  Config
	mux     *http.ServeMux
	origins *http.CrossOriginProtection

	listener net.Listener
	// loopback says that only this machine reaches the listener.
	loopback bool
	// noSuchPath answers a path that no operation has.
	noSuchPath string
	// close ends the live feeds.
	close context.CancelFunc
}

// New makes a server of every operation.
func New(service *api.Service, operations Operations, config Config) *Server {
	return newServer(service, operations, config, func(*api.Operation) bool { return true })
}

// NewOperations makes a server of what operators ask a projector for, without the rest.
func NewOperations(service *api.Service, operations Operations, config Config) *Server {
	s := newServer(service, operations, config, func(op *api.Operation) bool { return op.Scope == api.Operate })
	s.noSuchPath = "there is no such path here: this is a projector, which serves health, metrics and projections only; ask an AUREN server"
	return s
}

func newServer(service *api.Service, operations Operations, config Config, serves func(*api.Operation) bool) *Server {
	config.WriteTimeout = cmp.Or(config.WriteTimeout, 30*time.Second)
	config.Heartbeat = cmp.Or(config.Heartbeat, 15*time.Second)
	if operations.Log == nil {
		operations.Log = zap.NewNop()
	}
	if operations.Ready == nil {
		operations.Ready = func(context.Context) (bool, map[string]string) { return true, map[string]string{} }
	}
	if operations.Answered == nil {
		operations.Answered = func(string, string, int, time.Duration) {}
	}
	s := &Server{Operations: operations, config: config, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection(), noSuchPath: "there is no such path"}
	closing, cancel := context.WithCancel(context.Background())
	s.close = cancel
	b := &binder{
		huma: newHuma(s.mux, operations.Version), api: service, operations: operations, feeds: feeds{closing, config, operations.Log},
	}
	for _, route := range Routes() {
		if serves(route.Operation) {
			b.bind(route)
		}
	}
	b.bindProcess()
	b.bindDocuments()
	return s
}

// Listen takes the address and returns it, with the port that was taken where the configured one is 0. Run does it
// by itself where it has not been done. An address that is taken is an error that names AUREN_HTTP_ADDR.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.config.Addr)
	if err != nil {
		return nil, fmt.Errorf("http: %w; choose another address with AUREN_HTTP_ADDR", err)
	}
	tcp, ok := listener.Addr().(*net.TCPAddr)
	s.listener, s.loopback = listener, ok && tcp.IP.IsLoopback()
	return listener.Addr(), nil
}

// Run serves until ctx ends; then it takes no more requests, ends the live feeds, gives what is under way
// 10 s, and returns nil, or an error where something had to be cut off. It runs once.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if _, err := s.Listen(ctx); err != nil {
			return err
		}
	}
	errorLog, err := zap.NewStdLogAt(s.Log, zap.WarnLevel)
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
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
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
	r, endSpan := startSpan(s.Tracer, r)
	w := &response{ResponseWriter: out, request: r}
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
				panic(cause)
			}
			writeProblem(s.Log, w, r, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
		route := s.answered(w, r, time.Since(start))
		endSpan(route, w.status)
	}()
	_ = http.NewResponseController(out).SetWriteDeadline(start.Add(requestTimeout + s.config.WriteTimeout))
	if err := s.checkOrigin(r); err != nil {
		w.matched = true
		writeProblem(s.Log, w, r, err)
		return
	}
	s.mux.ServeHTTP(w, r)
	if r.Pattern == "" {
		s.unmatched(w, r)
	}
}

// unmatched answers what no operation answers: the mux has only said with which status.
func (s *Server) unmatched(w *response, r *http.Request) {
	status := w.status
	w.status, w.matched = 0, true
	r.Body.Close()
	switch status {
	case http.StatusNotFound:
		writeProblem(s.Log, w, r, domain.Errorf(domain.NotFound, "%s; GET /openapi.json lists every path", s.noSuchPath))
	case http.StatusMethodNotAllowed:
		writeProblem(s.Log, w, r, &httpError{status, "method-not-allowed", "Method Not Allowed",
			domain.Errorf(domain.Invalid, "the method must be one of %s, got %s", w.Header().Get("Allow"), r.Method)})
	default:
		writeProblem(s.Log, w, r, &httpError{status, "malformed", "Bad Request",
			domain.Errorf(domain.Invalid, "the request must be an HTTP request to a path of this server")})
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
	if ce := s.Log.Check(zap.DebugLevel, "request"); ce != nil {
		ce.Write(zap.String("method", method), zap.String("route", route), zap.Int("status", w.status), zap.Duration("took", took))
	}
	if w.live {
		took = -1
	}
	s.Answered(route, method, w.status, took)
	return route
}

// checkOrigin refuses a page of another origin and, on a loopback address, names: whoever owns a name can point it at this
// machine, and a page under that name is then, for a browser, of the same origin as the API. A request without a Host is
// not a browser's.
func (s *Server) checkOrigin(r *http.Request) error {
	if s.loopback && r.Host != "" && !namesNoOther(r.Host) {
		return &httpError{http.StatusMisdirectedRequest, "misdirected", "Misdirected Request",
			domain.Invalidf("Host", "must be an IP address or localhost on the loopback interface")}
	}
	if s.origins.Check(r) != nil {
		return domain.Errorf(domain.Forbidden, "the request must not come from a page of another origin")
	}
	return nil
}

// namesNoOther tells whether a host is an IP address or localhost, with or without a port.
func namesNoOther(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}
