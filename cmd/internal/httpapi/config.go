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
