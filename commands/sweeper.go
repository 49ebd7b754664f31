package commands

import (
	"cmp"
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/domain/memory"
)

// SweeperConfig tunes a Sweeper; its zero value works.
type SweeperConfig struct {
	// Interval is the time between two sweeps; default 10 s.
	Interval time.Duration
	// Batch bounds the memories of one sweep; default 500.
	Batch int
}

// Sweeper records the expiry of memories that are due. Queries hide them from the instant of their expires_at on by
// themselves, so nothing depends on when the sweeper runs. Several may run at the same time.
type Sweeper struct {
	handler *Handler
	due     func(ctx context.Context, now time.Time, limit int) ([]memory.Key, error)
	config  SweeperConfig
	log     *zap.Logger
}

// NewSweeper makes a sweeper; due finds up to limit memories that are due at a moment.
func NewSweeper(handler *Handler, due func(ctx context.Context, now time.Time, limit int) ([]memory.Key, error),
	config SweeperConfig, log *zap.Logger,
) *Sweeper {
	config.Interval = cmp.Or(config.Interval, 10*time.Second)
	config.Batch = cmp.Or(config.Batch, 500)
	return &Sweeper{handler: handler, due: due, config: config, log: log}
}

// Run sweeps until ctx ends and then returns nil. It logs failures and retries in the next sweep.
func (s *Sweeper) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.config.Interval)
	defer ticker.Stop()
	for {
		if expired, err := s.SweepOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("sweeping expired memories was interrupted", zap.Int("expired", expired), zap.Error(err))
		} else if expired > 0 {
			s.log.Info("expired memories", zap.Int("expired", expired))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// SweepOnce expires the memories that are due now, at most one batch, and returns how many it expired.
func (s *Sweeper) SweepOnce(ctx context.Context) (expired int, err error) {
	due, err := s.due(ctx, s.handler.config.Now(), s.config.Batch)
	if err != nil {
		return 0, err
	}
	failpoint.Reached(failpoint.SweepFound)
	for _, d := range due {
		wrote, err := s.expire(ctx, d)
		if domain.KindOf(err) == domain.Unavailable {
			return expired, err
		}
		if err != nil {
			s.log.Warn("a memory could not be expired", zap.Stringer("id", d.ID), zap.Error(err))
		}
		if wrote {
			expired++
			failpoint.Reached(failpoint.SweepExpired)
		}
	}
	return expired, nil
}

// expire records the expiry of one memory. It writes nothing for a memory that is not due: due may read a lagging model.
func (s *Sweeper) expire(ctx context.Context, d memory.Key) (wrote bool, err error) {
	req := Request{Tenant: d.Tenant, Meta: domain.Meta{Actor: "sweeper", Principal: "system:sweeper"}, Reason: "expires_at has passed"}
	_, wrote, err = s.handler.changed(ctx, req, "expire", d.ID, (*memory.Memory).Expire)
	return wrote, err
}
