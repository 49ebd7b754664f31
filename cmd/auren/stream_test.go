package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/projections/fanout"
)

func TestTheStreamHasTheConfiguredLimits(t *testing.T) {
	t.Parallel()
	dsn, server := pgtest.DSN(t), startNATS(t)
	js := jetStream(t, server)

	// The second projector finds the stream of the first.
	for _, kept := range []struct {
		age, size string
		maxAge    time.Duration
		maxBytes  int64
	}{
		{"2h", "128MiB", 2 * time.Hour, 128 << 20},
		{"48h", "64MiB", 48 * time.Hour, 64 << 20},
	} {
		p := start(t, append(settings(dsn, server), "AUREN_NATS_MAX_AGE="+kept.age, "AUREN_NATS_MAX_BYTES="+kept.size), "projector")
		p.Says("(projects)")
		must(t, "--db-dsn", dsn, "remember", "x", "--agent", "a", "--user", "u")
		require.Eventually(t, func() bool {
			stream, err := js.Stream(t.Context(), fanout.Stream)
			if err != nil {
				return false
			}
			config := stream.CachedInfo().Config
			return config.MaxAge == kept.maxAge && config.MaxBytes == kept.maxBytes && config.Replicas == 1
		}, patience, tick)
		p.Stop()
	}

	// A single server rejects three replicas, which shows that they were requested.
	p := start(t, append(settings(dsn, server), "AUREN_NATS_REPLICAS=3"), "projector")
	p.WaitUntil("the server refuses", func() bool { return strings.Contains(p.Stderr.String(), "replicas > 1 not supported") })
}
