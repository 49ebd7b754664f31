package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/config"
)

// connectNATS returns a connection at once and keeps trying to establish it, for ever; it logs when it waits.
func (s *Settings) connectNATS(url string) (*nats.Conn, error) {
	log := s.Log
	var told string // needs no lock: the client calls its handlers one after the other
	conn, err := nats.Connect(url,
		nats.Name("auren"),
		nats.Timeout(2*time.Second),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500*time.Millisecond),
		nats.ReconnectJitter(500*time.Millisecond, 500*time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("nats was lost; waiting for it", zap.String("cause", config.MaskSecrets(err.Error())))
			}
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			// Reconnecting is tried twice a second; log each cause once. ErrNoServers only sums up the causes before it.
			if cause := config.MaskSecrets(err.Error()); cause != told && !errors.Is(err, nats.ErrNoServers) {
				told = cause
				log.Warn("nats cannot be reached; trying again", zap.String("cause", cause))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			told = ""
			log.Info("nats is back")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("nats reports an error", zap.String("cause", config.MaskSecrets(err.Error())))
		}),
	)
	if err != nil {
		return nil, ExplainNATSError(url, err)
	}
	if !conn.IsConnected() {
		log.Warn("waiting for nats; no event is published until it is reachable", zap.Stringer("url", s.Config.NATSURL))
	}
	return conn, nil
}

func pingNATS(ctx context.Context, conn *nats.Conn) error {
	if !conn.IsConnected() {
		return fmt.Errorf("not connected")
	}
	if err := conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("no answer: %s", config.MaskSecrets(err.Error()))
	}
	return nil
}

// ExplainNATSError says why connecting to NATS failed, and to which servers; the client's own message names none.
func ExplainNATSError(url string, err error) error {
	did := "cannot be reached"
	if errors.Is(err, nats.ErrAuthorization) {
		did = "refused the connection"
	}
	return fmt.Errorf("NATS (%s) %s: %s", config.NATSURL(url).Hosts(), did, config.MaskSecrets(strings.TrimPrefix(err.Error(), "nats: ")))
}

// DialNATS connects once, for a short-lived command.
func (s *Settings) DialNATS(url, name string) (*nats.Conn, error) {
	conn, err := nats.Connect(url, nats.Name(name), nats.Timeout(2*time.Second),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // callers see the errors of their own requests
	if err != nil {
		return nil, ExplainNATSError(url, err)
	}
	return conn, nil
}
