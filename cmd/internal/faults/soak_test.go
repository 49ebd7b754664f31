package faults_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// Two servers and three projectors, PostgreSQL and NATS are killed, suspended and restarted at random while agents of
// two tenants go on, and a rebuild runs in the middle: for AUREN_SOAK (default 10s), at AUREN_SOAK_RATE commands a second
// (default 200), by the seed AUREN_SOAK_SEED (default another each time). At the end, all checks must hold.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoak(t)
	for next := s.began.Add(time.Second); next.Before(s.ends); next = next.Add(s.between()) {
		<-time.After(time.Until(next))
		s.lookAtRebuild()
		s.breakSomething()
		if t.Failed() {
			return
		}
	}
	<-time.After(time.Until(s.ends))
	for _, p := range append(s.servers[:], s.projectors[:]...) {
		p.Signal(syscall.SIGCONT)
	}
	s.north.stop()
	s.south.stop()
	s.finishRebuild()
	s.watch.stop()
	events := s.w.check("north", s.north).head + s.w.check("south", s.south).head
	s.report(events)
}

const (
	soakClients = 8 // of each tenant
	longestGap  = 4 * time.Second
)

// soak is a running soak test. The first server and the first projector are suspended, but never killed, so that their
// memory can be watched.
type soak struct {
	t     *testing.T
	w     *world
	began time.Time
	ends  time.Time
	seed  uint64
	rand  *rand.Rand
	rate  int
	pace  *pace

	postgres   *pgtest.Server
	servers    [2]*process
	projectors [3]*process
	north      *load
	south      *load
	watch      *watch

	broken    map[string]int
	rebuild   *process
	rebuilds  int
	rebuilt   bool
	rebuiltIn time.Duration
	rebuildAt time.Time
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	length, err := time.ParseDuration(cmp.Or(os.Getenv("AUREN_SOAK"), "10s"))
	require.NoError(t, err, "AUREN_SOAK is a time such as 10m")
	rate, err := strconv.Atoi(cmp.Or(os.Getenv("AUREN_SOAK_RATE"), "200"))
	require.NoError(t, err, "AUREN_SOAK_RATE is how many commands a second")
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("AUREN_SOAK_SEED"), strconv.FormatInt(time.Now().UnixNano(), 10)), 10, 64)
	require.NoError(t, err, "AUREN_SOAK_SEED is a number")
	t.Logf("AUREN_SOAK=%s AUREN_SOAK_RATE=%d AUREN_SOAK_SEED=%d", length, rate, seed)

	s := &soak{t: t, seed: seed, rate: rate, rand: rand.New(rand.NewPCG(seed, 0)), broken: map[string]int{}}
	s.postgres = pgtest.NewServer(t)
	s.w = newWorldOn(t, s.postgres.DSN())
	for i := range s.servers {
		s.servers[i] = s.server()
	}
	for i := range s.projectors {
		s.projectors[i] = s.projector()
	}
	s.pace = newPace(t, rate)
	s.north, s.south = s.w.newPacedLoad("north", soakClients, s.pace), s.w.newPacedLoad("south", soakClients, s.pace)
	s.watch = newWatch(s)
	s.began = time.Now()
	s.ends = s.began.Add(length)
	return s
}

// All processes together stay below max_connections of PostgreSQL.
var soakSettings = []string{"AUREN_DB_POOL_SIZE=10", "AUREN_DB_MAX_OVERFLOW=2", "AUREN_LOG_LEVEL=error"}

func (s *soak) server() *process    { return s.w.server(soakSettings...) }
func (s *soak) projector() *process { return s.w.projector(soakSettings...) }

func (s *soak) between() time.Duration {
	return 500*time.Millisecond + time.Duration(s.rand.Int64N(int64(longestGap)))
}

func (s *soak) breakSomething() {
	server, projector := &s.servers[1+s.rand.IntN(len(s.servers)-1)], &s.projectors[1+s.rand.IntN(len(s.projectors)-1)]
	dice := s.rand.IntN(20)
	for _, fault := range []struct {
		what   string
		weight int // 20 in all
		cause  func()
	}{
		{"server killed", 3, func() { (*server).Kill(); *server = s.server() }},
		{"server restarted", 2, func() { s.end(*server); *server = s.server() }},
		{"server suspended", 3, func() { s.suspend(s.servers[s.rand.IntN(len(s.servers))]) }},
		{"projector killed", 3, func() {
			s.watch.lost(*projector)
			(*projector).Kill()
			*projector = s.projector()
		}},
		{"projector restarted", 2, func() { s.end(*projector); *projector = s.projector() }},
		{"projector suspended", 4, func() {
			p := s.projectors[s.rand.IntN(len(s.projectors))]
			s.watch.lost(p)
			s.suspend(p)
		}},
		{"NATS killed", 2, func() {
			s.w.broker.Kill()
			<-time.After(time.Duration(s.rand.IntN(1000)) * time.Millisecond)
			s.w.broker.start()
		}},
		{"PostgreSQL killed", 1, func() {
			require.NoError(s.t, syscall.Kill(postmaster(s.t, s.postgres), syscall.SIGKILL))
			<-s.postgres.Done()
			s.postgres.Restart(s.t)
		}},
	} {
		if dice -= fault.weight; dice < 0 {
			s.broken[fault.what]++
			fault.cause()
			return
		}
	}
}

// suspend suspends a process, for longer than a lease lasts or less.
func (s *soak) suspend(p *process) {
	p.Signal(syscall.SIGSTOP)
	time.AfterFunc(time.Duration(500+s.rand.IntN(7500))*time.Millisecond, func() {
		s.watch.back(p)
		p.Signal(syscall.SIGCONT)
	})
}

// end stops a process, which may be suspended, in order.
func (s *soak) end(p *process) {
	p.Signal(syscall.SIGCONT)
	p.Stop()
}

// lookAtRebuild starts the rebuild after half of the time, and again if a fault ended it.
func (s *soak) lookAtRebuild() {
	if s.rebuilt || time.Now().Before(s.began.Add(s.ends.Sub(s.began)/2)) {
		return
	}
	if s.rebuild == nil {
		s.rebuilds++
		s.rebuildAt = time.Now()
		s.rebuild = s.w.start(soakSettings, "rebuild")
	}
	select {
	case <-s.rebuild.Ended():
		s.rebuilt, s.rebuiltIn = s.rebuild.Wait() == nil, time.Since(s.rebuildAt)
		if !s.rebuilt {
			s.t.Logf("rebuild: %s", s.rebuild.Stderr.End(logged))
		}
		s.rebuild = nil
	default:
	}
}

func (s *soak) finishRebuild() {
	require.Eventually(s.t, func() bool {
		s.lookAtRebuild()
		return s.rebuilt
	}, 5*patience, tick, "no rebuild completed")
}

// pace limits the commands of all clients together to a rate, and adds a search now and then.
type pace struct {
	ticks  *time.Ticker
	asked  atomic.Int64
	failed atomic.Int64
}

func newPace(t *testing.T, rate int) *pace {
	p := &pace{ticks: time.NewTicker(time.Second / time.Duration(rate))}
	t.Cleanup(p.ticks.Stop)
	return p
}

// next waits for the turn of a client and returns false at the end.
func (p *pace) next(ctx context.Context, l *load) bool {
	select {
	case <-p.ticks.C:
	case <-ctx.Done():
		return false
	}
	if p.asked.Load()*10 < l.asked.Load() {
		p.ask(l)
	}
	return true
}

// ask searches once. The server may be unavailable; any other error fails the test.
func (p *pace) ask(l *load) {
	switch status, said, err := l.search(p.asked.Add(1)); {
	case err != nil || status == http.StatusServiceUnavailable:
		p.failed.Add(1)
	case status != http.StatusOK:
		l.t.Errorf("search: %d %s", status, said)
	}
}

// leads reports whether a process holds a lease.
func leads(holder string, pid int) bool { return strings.Contains(holder, fmt.Sprintf("/%d/", pid)) }
