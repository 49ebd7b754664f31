package faults_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/auren-memory/auren/projections"
)

// watch samples the status of a soak several times a second.
type watch struct {
	s      *soak
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu        sync.Mutex
	status    []projections.Status
	worst     map[string]int64
	oldest    time.Duration
	leaderOf  map[string]lostLease // by tenant and projection
	takeovers []time.Duration
	memory    *resident // of the processes that live through it all
}

// lostLease is a lease whose holder was killed or suspended.
type lostLease struct {
	pid int
	at  time.Time
}

func newWatch(s *soak) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{s: s, cancel: cancel, worst: map[string]int64{}, leaderOf: map[string]lostLease{}, memory: newResident(s.servers[0], s.projectors[0])}
	w.ended.Go(func() {
		looks := time.NewTicker(200 * time.Millisecond)
		defer looks.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-looks.C:
			}
			w.look(ctx)
			if n%5 == 0 {
				w.memory.look()
			}
		}
	})
	s.t.Cleanup(w.stop)
	return w
}

func (w *watch) stop() {
	w.cancel()
	w.ended.Wait()
}

func (w *watch) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	status, err := projections.ReadStatus(ctx, w.s.w.pool)
	if err != nil {
		return // PostgreSQL is away
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
	for _, s := range status {
		w.worst[s.Projection] = max(w.worst[s.Projection], s.Lag)
		w.oldest = max(w.oldest, time.Duration(s.LagSeconds*float64(time.Second)))
		key := string(s.Tenant) + "/" + s.Projection
		if lost, ok := w.leaderOf[key]; ok && s.Holder != "" && !leads(s.Holder, lost.pid) {
			w.takeovers = append(w.takeovers, time.Since(lost.at))
			delete(w.leaderOf, key)
		}
	}
}

// lost records that a projector is about to lose its leases.
func (w *watch) lost(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.status {
		key := string(s.Tenant) + "/" + s.Projection
		if _, ok := w.leaderOf[key]; !ok && leads(s.Holder, p.PID()) {
			w.leaderOf[key] = lostLease{p.PID(), time.Now()}
		}
	}
}

// back records that a projector goes on, perhaps before another one took its leases.
func (w *watch) back(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.leaderOf, func(_ string, l lostLease) bool { return l.pid == p.PID() })
}

// residentMiB returns the resident memory of a process, 0 if it is unknown.
func residentMiB(pid int) (mib int) {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, _ := strings.Cut(string(raw), "VmRSS:")
	_, _ = fmt.Sscan(after, &mib) // in KiB
	return mib / 1024
}

// milliseconds returns a quantile.
func milliseconds(of []time.Duration, quantile float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return float64(of[int(float64(len(of)-1)*quantile)].Microseconds()) / 1000
}

// report prints what happened as a table.
func (s *soak) report(events int64) {
	var latencies []time.Duration
	var acknowledged, refused int
	var retried, doubts int64
	for _, l := range []*load{s.north, s.south} {
		retried, doubts = retried+l.retried.Load(), doubts+l.doubts.Load()
		latencies = append(latencies, l.latencies...)
		for _, a := range l.answered {
			if a.refused {
				refused++
			} else {
				acknowledged++
			}
		}
	}
	row := func(name, format string, args ...any) {
		fmt.Printf("| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Print("\n| soak | |\n|---|---|\n")
	row("duration, seed, target rate", "%s, %d, %d commands/s", s.ends.Sub(s.began), s.seed, s.rate)
	row("commands acknowledged, refused", "%d, %d", acknowledged, refused)
	row("attempts repeated, commits in doubt", "%d, %d", retried, doubts)
	row("searches, unavailable", "%d, %d", s.pace.asked.Load(), s.pace.failed.Load())
	row("events in the logs", "%d", events)
	row("lost, duplicated, out of order", "0, 0, 0")
	for _, what := range slices.Sorted(maps.Keys(s.broken)) {
		row(what, "%d times", s.broken[what])
	}
	row("rebuilds started until one completed; its duration", "%d; %d ms", s.rebuilds, s.rebuiltIn.Milliseconds())
	for _, projection := range slices.Sorted(maps.Keys(s.watch.worst)) {
		row("worst lag of "+projection, "%d events", s.watch.worst[projection])
	}
	row("worst age of an event not applied", "%d ms", s.watch.oldest.Milliseconds())
	takeovers := s.watch.takeovers
	row("leases taken over; after p50, max", "%d; %.0f ms, %.0f ms", len(takeovers), milliseconds(takeovers, 0.5), milliseconds(takeovers, 1))
	row("command p50, p99, max, with its repetitions", "%.1f ms, %.1f ms, %.1f ms",
		milliseconds(latencies, 0.5), milliseconds(latencies, 0.99), milliseconds(latencies, 1))
	for _, name := range slices.Sorted(maps.Keys(s.watch.memory.took)) {
		row("memory of the "+name+" by quarters", "%s", s.watch.memory.quarters(name))
	}
}
