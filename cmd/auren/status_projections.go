package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
)

type projectorHealth struct {
	projections.Status
	// EventsPerSecond is how fast the checkpoint moved while we looked; 0 where there was nothing to apply.
	EventsPerSecond float64 `json:"events_per_second"`
	// Problem is why it does not keep up; empty where it does.
	Problem string `json:"problem,omitempty"`
}

// between is how long a status watches a projection that is behind.
const between = 500 * time.Millisecond

// lookAtProjections looks twice where something lags, or moved a moment ago, to see how fast it moves.
func lookAtProjections(ctx context.Context, pool *pgxpool.Pool) ([]projectorHealth, error) {
	first, err := projections.ReadStatus(ctx, pool)
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return []projectorHealth{}, checkProjector(ctx, pool)
	}
	began := time.Now()
	if slices.ContainsFunc(first, func(s projections.Status) bool {
		return s.Lag > 0 || s.UpdatedAt != nil && began.Sub(*s.UpdatedAt) < 2*time.Second
	}) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(between):
		}
	}
	second, err := onceLed(ctx, pool)
	if err != nil {
		return nil, err
	}
	return watched(first, second, time.Since(began)), nil
}

// handover is how long nobody may lead a projection while projectors run: after a rebuild, or when a tenant has come, they
// share what there is to lead anew, each at its next look, and where they hear of new numbers first, by a lease's time.
const handover = 5 * time.Second

// onceLed reads the status, where projectors run once each projection is led or handover is over.
func onceLed(ctx context.Context, pool *pgxpool.Pool) ([]projections.Status, error) {
	for began := time.Now(); ; {
		all, err := projections.ReadStatus(ctx, pool)
		if err != nil {
			return nil, err
		}
		led := !slices.ContainsFunc(all, func(s projections.Status) bool { return s.Holder == "" && s.StoppedAt == nil })
		if led || time.Since(began) > handover {
			return all, nil
		}
		if _, runs, err := readProjector(ctx, pool); err != nil || !runs {
			return all, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// watched compares what was seen at two moments.
func watched(first, second []projections.Status, passed time.Duration) []projectorHealth {
	type key struct {
		tenant     domain.Tenant
		projection string
	}
	before := make(map[key]projections.Status, len(first))
	for _, s := range first {
		before[key{s.Tenant, s.Projection}] = s
	}
	runs := slices.ContainsFunc(second, func(s projections.Status) bool { return s.Holder != "" })
	all := make([]projectorHealth, len(second))
	for i, s := range second {
		p := projectorHealth{Status: s}
		if b, ok := before[key{s.Tenant, s.Projection}]; ok && s.SequenceID > b.SequenceID {
			p.EventsPerSecond = float64(s.SequenceID-b.SequenceID) / passed.Seconds()
		}
		p.Problem = p.problem(runs)
		all[i] = p
	}
	return all
}

// problem says what is wrong; runs tells whether any projector leads something.
func (p *projectorHealth) problem(runs bool) string {
	switch {
	case p.StoppedAt != nil && *p.StoppedAt == 0:
		return "stopped: " + p.StoppedReason
	case p.StoppedAt != nil:
		return fmt.Sprintf("stopped at event %d: %s", *p.StoppedAt, p.StoppedReason)
	case p.Holder == "" && p.Projection == fanout.Name && runs:
		return "nobody leads: no projector that reaches NATS runs"
	case p.Holder == "":
		return "nobody leads: start a projector"
	case p.State == projections.Stuck:
		return "stuck: it has not moved for a while"
	}
	return ""
}

// A projector has no checkpoint before the first event, but it has its connections.
const readProjectors = `
select exists (select 1 from logs where sequence_id > 0),
       exists (select 1
                 from pg_stat_activity
                where datname = current_database()
                  and application_name in ('auren projector', 'auren up'))`

// readProjector tells whether there are events and whether a projector is connected.
func readProjector(ctx context.Context, pool *pgxpool.Pool) (events, runs bool, err error) {
	err = pool.QueryRow(ctx, readProjectors).Scan(&events, &runs)
	return events, runs, err
}

// checkProjector is an error where no projection has a checkpoint and no projector waits for the first event.
func checkProjector(ctx context.Context, pool *pgxpool.Pool) error {
	events, runs, err := readProjector(ctx, pool)
	switch {
	case err != nil:
		return err
	case events:
		return errors.New("no projector has ever run: start one")
	case !runs:
		return errors.New("no projector runs: start one")
	}
	return nil
}

// shownAtMost is how many rows are shown where there are more, those that need somebody first.
const shownAtMost = 12

func printProjections(s *screen, all []projectorHealth, everything bool) {
	shown := all
	if len(all) > shownAtMost && !everything {
		s.printf("\n")
		s.table(0, map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true, 6: true, 7: true, 8: true}, summarize(all))
		shown = worst(all)[:shownAtMost]
		s.printf("\n%s\n", s.paint(dim, fmt.Sprintf("the worst %d of %s; --all shows the others", shownAtMost, number(len(all)))))
	}
	rows := [][]cell{{
		{"tenant", dim}, {"projection", dim}, {"at", dim}, {"head", dim}, {"lag", dim}, {"behind", dim}, {"events/s", dim},
		{"led by", dim}, {"term", dim}, {"state", dim},
	}}
	for _, p := range shown {
		rows = append(rows, []cell{
			{string(p.Tenant), plain}, {p.Projection, cyan}, {number(p.SequenceID), bold}, {number(p.Head), plain}, {number(p.Lag), plain},
			{took(behind(p)), plain}, {number(int64(p.EventsPerSecond)), plain},
			{oneLine(strings.TrimSpace(p.Holder)), dim}, {number(p.Term), dim}, p.cell(),
		})
	}
	if len(shown) == len(all) {
		s.printf("\n")
	}
	s.table(0, map[int]bool{2: true, 3: true, 4: true, 5: true, 6: true, 8: true}, rows)
}

func behind(p projectorHealth) time.Duration {
	return time.Duration(p.LagSeconds * float64(time.Second))
}

func (p *projectorHealth) cell() cell {
	switch {
	case p.Problem != "":
		return cell{oneLine(p.Problem), red}
	case p.State == projections.Moving:
		return cell{p.State, yellow}
	default:
		return cell{p.State, green}
	}
}

// summarize has a row for each projection, over all tenants.
func summarize(all []projectorHealth) [][]cell {
	byName := map[string][]projectorHealth{}
	for _, p := range all {
		byName[p.Projection] = append(byName[p.Projection], p)
	}
	rows := [][]cell{{
		{"projection", dim}, {"tenants", dim}, {"led by", dim}, {"not led", dim}, {"idle", dim}, {"moving", dim}, {"stuck", dim}, {"stopped", dim}, {"lag", dim},
	}}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		leaders, states, unled, lag := map[string]bool{}, map[string]int{}, 0, int64(0)
		for _, p := range byName[name] {
			if p.Holder != "" {
				leaders[p.Holder] = true
			} else {
				unled++
			}
			states[p.State]++
			lag += p.Lag
		}
		row := []cell{{name, cyan}, {number(len(byName[name])), plain}, {count(len(leaders), "projector"), plain}, alarming(unled)}
		row = append(row, cell{number(states[projections.Idle]), plain}, cell{number(states[projections.Moving]), plain},
			alarming(states[projections.Stuck]), alarming(states[projections.Stopped]), cell{number(lag), plain})
		rows = append(rows, row)
	}
	return rows
}

// alarming is red unless it is none.
func alarming(n int) cell {
	if n > 0 {
		return cell{number(n), red}
	}
	return cell{number(n), plain}
}

// worst orders by what needs somebody: what has a problem first, then what is the farthest behind.
func worst(all []projectorHealth) []projectorHealth {
	return slices.SortedStableFunc(slices.Values(all), func(a, b projectorHealth) int {
		return cmp.Or(
			-cmp.Compare(severity(a), severity(b)),
			-cmp.Compare(a.LagSeconds, b.LagSeconds),
			-cmp.Compare(a.Lag, b.Lag))
	})
}

func severity(p projectorHealth) int {
	switch {
	case p.State == projections.Stopped:
		return 2
	case p.Problem != "":
		return 1
	default:
		return 0
	}
}
