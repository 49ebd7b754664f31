package health

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
)

// Projection is the state of a projection of a tenant.
type Projection struct {
	projections.Status
	// EventsPerSecond is how fast the checkpoint moved between the two readings; 0 if there was nothing to apply.
	EventsPerSecond float64 `json:"events_per_second"`
	// Problem is why it does not keep up; empty if it does.
	Problem string `json:"problem,omitempty"`
}

// between is the time between the two readings of a projection that is behind.
const between = 500 * time.Millisecond

func readProjections(ctx context.Context, pool *pgxpool.Pool) ([]Projection, error) {
	read := func(ctx context.Context) ([]projections.Status, error) { return projections.ReadStatus(ctx, pool) }
	all, err := Measure(ctx, read, func(ctx context.Context) ([]projections.Status, error) { return waitForLeaders(ctx, pool) })
	if err == nil && len(all) == 0 {
		err = checkProjector(ctx, pool)
	}
	return all, err
}

// Measure reads the status twice, after a while if a projection lags or moved a moment ago, to tell its speed and its
// problem.
func Measure(ctx context.Context, read, again func(ctx context.Context) ([]projections.Status, error)) ([]Projection, error) {
	first, err := read(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if slices.ContainsFunc(first, func(s projections.Status) bool {
		return s.Lag > 0 || s.UpdatedAt != nil && began.Sub(*s.UpdatedAt) < 2*time.Second
	}) {
		if err := pause(ctx, between); err != nil {
			return nil, err
		}
	}
	second, err := again(ctx)
	if err != nil {
		return nil, err
	}
	return compare(first, withFanout(second), time.Since(began)), nil
}

// handover bounds how long a projection may have no leader although projectors run: after a rebuild, or with a new
// tenant, each projector claims its share at its next poll, and at the latest when a lease expires.
const handover = 5 * time.Second

// waitForLeaders reads the status; if projectors run, once each projection has a leader or handover has passed.
func waitForLeaders(ctx context.Context, pool *pgxpool.Pool) ([]projections.Status, error) {
	for began := time.Now(); ; {
		all, err := projections.ReadStatus(ctx, pool)
		if err != nil {
			return nil, err
		}
		led := !slices.ContainsFunc(withFanout(all), func(s projections.Status) bool { return s.Holder == "" && s.StoppedAt == nil })
		if led || time.Since(began) > handover {
			return all, nil
		}
		if _, runs, err := readProjector(ctx, pool); err != nil || !runs {
			return all, err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// withFanout adds the fan-out where it never led, and so has no status.
func withFanout(all []projections.Status) (full []projections.Status) {
	if slices.ContainsFunc(all, func(s projections.Status) bool { return s.Projection == fanout.Name }) {
		return all
	}
	for i, s := range all {
		full = append(full, s)
		if i+1 == len(all) || all[i+1].Tenant != s.Tenant {
			full = append(full, projections.Status{Tenant: s.Tenant, Projection: fanout.Name, Head: s.Head, Lag: s.Head, State: projections.Stuck})
		}
	}
	return full
}

// compare derives speeds and problems from two readings.
func compare(first, second []projections.Status, passed time.Duration) []Projection {
	type key struct {
		tenant     domain.Tenant
		projection string
	}
	before := make(map[key]projections.Status, len(first))
	for _, s := range first {
		before[key{s.Tenant, s.Projection}] = s
	}
	runs := slices.ContainsFunc(second, func(s projections.Status) bool { return s.Holder != "" })
	all := make([]Projection, len(second))
	for i, s := range second {
		p := Projection{Status: s}
		if b, ok := before[key{s.Tenant, s.Projection}]; ok && s.SequenceID > b.SequenceID {
			p.EventsPerSecond = float64(s.SequenceID-b.SequenceID) / passed.Seconds()
		}
		p.Problem = p.problem(runs)
		all[i] = p
	}
	return all
}

// problem says what is wrong, or ""; runs tells whether any projector leads something.
func (p *Projection) problem(runs bool) string {
	switch {
	case p.StoppedAt != nil && *p.StoppedAt == 0:
		return "stopped: " + p.StoppedReason
	case p.StoppedAt != nil:
		return fmt.Sprintf("stopped at event %d: %s", *p.StoppedAt, p.StoppedReason)
	case p.Holder == "" && p.Projection == fanout.Name && runs:
		return "no leader: no running projector reaches NATS"
	case p.Holder == "":
		return "no leader: start a projector"
	case p.State == projections.Stuck:
		return "stuck: its checkpoint has not moved for a while"
	}
	return ""
}

// readProjectors reads the projectors' registrations: before the first event there are no checkpoints.
const readProjectors = `
select exists (select from logs where sequence_id > 0),
       exists (select from projectors where seen_until > clock_timestamp())`

// readProjector tells whether there are events and whether a projector runs.
func readProjector(ctx context.Context, pool *pgxpool.Pool) (events, runs bool, err error) {
	if err = pool.QueryRow(ctx, readProjectors).Scan(&events, &runs); err != nil {
		err = fmt.Errorf("read the projectors: %w", err)
	}
	return events, runs, err
}

// registration bounds how long a projector takes to register after its start.
const registration = time.Second

// ErrNeverRan means that there are events and that no projection has a status.
var ErrNeverRan = errors.New("no projector has ever run: start one")

// checkProjector returns an error unless a projector runs and waits for the first event.
func checkProjector(ctx context.Context, pool *pgxpool.Pool) error {
	for began := time.Now(); ; {
		events, runs, err := readProjector(ctx, pool)
		switch {
		case err != nil:
			return err
		case events:
			return ErrNeverRan
		case runs:
			return nil
		case time.Since(began) > registration:
			return errors.New("no projector runs: start one")
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// pause waits before the next reading.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
