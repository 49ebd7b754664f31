package httpapi

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// Operations is what the paths need that are about this process: /health, /metrics, /version.
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
}

const (
	// requestTimeout bounds one request, but for live feeds.
	requestTimeout = 30 * time.Second
	// bodyTimeout bounds the reading of a body.
	bodyTimeout = 30 * time.Second
	// shutdownTimeout is how long requests may take to end when Run ends.
	shutdownTimeout = 10 * time.Second
)

// Config tunes a Server.
type Config struct {
	// Addr to listen on in Run.
	Addr string
	// WriteTimeout bounds the writing of an answer, and of one piece of a live feed; default 30 s.
	WriteTimeout time.Duration
	// Heartbeat is how often a live feed without news says that it lives; default 15 s.
	Heartbeat time.Duration
}
