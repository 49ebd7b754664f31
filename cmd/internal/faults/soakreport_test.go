package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections"
)

// watch looks at a soak from outside, several times a second.
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
	memory    map[string][]int // of the processes that live through it all, in MiB
}

// lostLease is one whose holder was killed or suspended.
type lostLease struct {
	pid int
	at  time.Time
}

func newWatch(s *soak) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{s: s, cancel: cancel, worst: map[string]int64{}, leaderOf: map[string]lostLease{}, memory: map[string][]int{}}
	w.ended.Go(func() {
		steady := map[string]int{"server": s.servers[0].PID(), "projector": s.projectors[0].PID()}
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
				for name, pid := range steady {
					w.memory[name] = append(w.memory[name], residentMiB(pid))
				}
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

// lost is told that a projector is about to lose its leases.
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

// back is told that a projector goes on, perhaps before anybody took its leases.
func (w *watch) back(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.leaderOf, func(_ string, l lostLease) bool { return l.pid == p.PID() })
}

// residentMiB is the memory of a process, 0 where the system does not tell.
func residentMiB(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(raw), "VmRSS:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	return kib / 1024
}

// figures are what a soak comes to.
type figures struct {
	Seconds       float64          `json:"seconds"`
	Seed          uint64           `json:"seed"`
	Rate          int              `json:"commands_per_second"`
	Acknowledged  int              `json:"acknowledged"`
	Refused       int              `json:"refused"`
	Retried       int64            `json:"attempts_repeated"`
	InDoubt       int64            `json:"in_doubt"`
	Recalls       int64            `json:"recalls"`
	RecallsFailed int64            `json:"recalls_unavailable"`
	Events        int64            `json:"events"`
	Broken        map[string]int   `json:"broken"`
	Rebuilds      int              `json:"rebuilds_begun"`
	RebuildMS     int64            `json:"rebuild_ms"`
	WorstLag      map[string]int64 `json:"worst_lag_events"`
	WorstLagMS    int64            `json:"worst_lag_ms"`
	Takeovers     int              `json:"takeovers"`
	TakeoverP50MS int64            `json:"takeover_p50_ms"`
	TakeoverMaxMS int64            `json:"takeover_max_ms"`
	P50MS         float64          `json:"command_p50_ms"`
	P99MS         float64          `json:"command_p99_ms"`
	MaxMS         float64          `json:"command_max_ms"`
	// Memory in MiB after a quarter, half, three quarters and all of the time.
	Memory map[string][]int `json:"memory_mib"`
}

func (s *soak) figures(events int64) figures {
	f := figures{
		Seconds: s.ends.Sub(s.began).Seconds(), Seed: s.seed, Rate: s.rate, Events: events, Broken: s.broken,
		Recalls: s.pace.asked.Load(), RecallsFailed: s.pace.failed.Load(),
		Rebuilds: s.rebuilds, RebuildMS: s.rebuiltIn.Milliseconds(),
		WorstLag: s.watch.worst, WorstLagMS: s.watch.oldest.Milliseconds(), Takeovers: len(s.watch.takeovers), Memory: map[string][]int{},
	}
	var latencies []time.Duration
	for _, l := range []*load{s.north, s.south} {
		f.Retried, f.InDoubt = f.Retried+l.retried.Load(), f.InDoubt+l.doubts.Load()
		latencies = append(latencies, l.latencies...)
		for _, a := range l.answered {
			if a.refused {
				f.Refused++
			} else {
				f.Acknowledged++
			}
		}
	}
	f.P50MS, f.P99MS, f.MaxMS = milliseconds(latencies, 0.5), milliseconds(latencies, 0.99), milliseconds(latencies, 1)
	f.TakeoverP50MS, f.TakeoverMaxMS = int64(milliseconds(s.watch.takeovers, 0.5)), int64(milliseconds(s.watch.takeovers, 1))
	for name, series := range s.watch.memory {
		for quarter := 1; quarter <= 4 && len(series) > 0; quarter++ {
			f.Memory[name] = append(f.Memory[name], series[(len(series)-1)*quarter/4])
		}
	}
	return f
}

// milliseconds is a quantile.
func milliseconds(of []time.Duration, quantile float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return float64(of[int(float64(len(of)-1)*quantile)].Microseconds()) / 1000
}

// report prints a table for people and a line for programs.
func (s *soak) report(events int64) {
	f := s.figures(events)
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprint(&b, "\n| soak | |\n|---|---|\n")
	row("length, seed, commands/s asked for", "%.0f s, %d, %d", f.Seconds, f.Seed, f.Rate)
	row("commands acknowledged, refused", "%d, %d", f.Acknowledged, f.Refused)
	row("attempts repeated, commits in doubt", "%d, %d", f.Retried, f.InDoubt)
	row("recalls, of them unavailable", "%d, %d", f.Recalls, f.RecallsFailed)
	row("events in the logs", "%d", f.Events)
	row("lost, twice, out of order", "0, 0, 0")
	for _, what := range slices.Sorted(maps.Keys(f.Broken)) {
		row(what, "%d times", f.Broken[what])
	}
	row("rebuilds begun until one ended; that one took", "%d; %d ms", f.Rebuilds, f.RebuildMS)
	for _, projection := range slices.Sorted(maps.Keys(f.WorstLag)) {
		row("worst lag of "+projection, "%d events", f.WorstLag[projection])
	}
	row("worst age of an event not applied", "%d ms", f.WorstLagMS)
	row("leases taken over; after p50, max", "%d; %d ms, %d ms", f.Takeovers, f.TakeoverP50MS, f.TakeoverMaxMS)
	row("command p50, p99, max, with its repetitions", "%.1f ms, %.1f ms, %.1f ms", f.P50MS, f.P99MS, f.MaxMS)
	for _, name := range slices.Sorted(maps.Keys(f.Memory)) {
		row("memory of the "+name+" by quarters", "%v MiB", f.Memory[name])
	}
	line, err := json.Marshal(f)
	require.NoError(s.t, err)
	fmt.Printf("%s\n%s\n", &b, line)
}
