package eventstore

import "time"

// Callers that wait for an answer before they send their next command come back together when a batch is answered. A
// transaction that begins with the first of them leaves the others to a second one, and half of them wait through both.
// So a batch waits for as many as were answered last, as commit_delay has it in PostgreSQL: for no more than half of what a
// transaction takes, since those who are there already lose what it waits, and the more often in vain the less often.
const (
	// gatherFor is how long a batch waits at most: what a hundred callers take to come back.
	gatherFor = 1500 * time.Microsecond
	// One in stragglers need not be waited for. Who is not waited for just missed the batch, and waits through all of it.
	stragglers = 100
	// maxInVain bounds how seldom is tried again what was in vain: after 1<<maxInVain batches.
	maxInVain = 8
)

// gathering is what a writer knows of who will come back.
type gathering struct {
	// The next batch waits until so many commands wait with it, but not beyond a moment. While it does, full is there, and is
	// closed when they do. The store's lock guards these.
	expected int
	until    time.Time
	full     chan struct{}

	// inVain is from 0 to maxInVain: it rises by two with each wait that was in vain and falls by one with each that was not. skip
	// is how many batches are yet to begin without a wait. These belong to the goroutine that drains.
	inVain, skip int
}

// expect says that a batch that took so long is about to be answered, and decides whether the next one waits.
func (s *Store) expect(w *writer, answered []*request, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.expected = 0
	// Those who wait already will be in the next one, too.
	n := len(answered) + len(w.waiting)
	if n < 2 || s.large(answered, w.waiting) {
		return
	}
	if w.skip > 0 {
		w.skip--
		return
	}
	w.expected, w.until = n-n/stragglers, time.Now().Add(min(took/2, s.gatherFor))
}

// large tells whether requests take half of what a batch may carry: then what a transaction costs whatever it carries is
// little of what it costs.
func (s *Store) large(requests ...[]*request) bool {
	events, bytes := 0, 0
	for _, some := range requests {
		for _, r := range some {
			events, bytes = events+max(1, r.count), bytes+r.bytes
		}
	}
	return events > s.config.MaxBatch/2 || bytes > s.config.MaxBatchBytes/2
}

// joined closes full where as many wait as are expected. The store's lock must be held.
func (w *writer) joined() {
	if w.full != nil && len(w.waiting) >= w.expected {
		close(w.full)
		w.full = nil
	}
}

// gather waits for those who are expected.
func (s *Store) gather(w *writer) {
	s.mu.Lock()
	left := time.Until(w.until)
	if len(w.waiting) >= w.expected || left <= 0 {
		s.mu.Unlock()
		return
	}
	full := make(chan struct{})
	w.full = full
	s.mu.Unlock()

	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-full:
	case <-timer.C:
	}
	s.mu.Lock()
	// Where nothing else runs a timer fires late, and who comes until then came too late as well.
	inTime := w.full == nil && time.Now().Before(w.until)
	w.full = nil
	s.mu.Unlock()
	w.waited(inTime)
}

// waited says whether those who were waited for came in time.
func (g *gathering) waited(inTime bool) {
	if inTime {
		g.inVain = max(g.inVain-1, 0)
		return
	}
	g.inVain = min(g.inVain+2, maxInVain)
	g.skip = 1 << g.inVain
}
