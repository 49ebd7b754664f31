package eventstore

import "time"

// Callers that wait for an answer before they send their next command come back together when a batch is answered. A
// transaction that begins with the first of them leaves the others to a second one, and half of them wait through both.
// So a batch waits for as many as were answered last, as long as they are known to come: not for more than
// gatherFor, and the more often in vain the less often. It is what commit_delay and commit_siblings are in PostgreSQL, but that
// nobody waits who is alone, or among callers that come at random.
const (
	// gatherFor is how long a batch waits at most: what a hundred callers take to come back, and as exact as timers are.
	gatherFor = time.Millisecond
	// One in stragglers need not be waited for.
	stragglers = 8
	// maxInVain bounds how seldom is tried again what was in vain: after 1<<maxInVain batches.
	maxInVain = 8
)

// gathering is what a writer knows of who will come back.
type gathering struct {
	// As many as expected are waited for, until a moment, at which full is closed. The store's lock guards these.
	expected int
	until    time.Time
	full     chan struct{}

	// How many batches more waited in vain than not, lately, and how many are not to wait before it is tried again. These belong to
	// the goroutine that drains.
	inVain, skip int
}

// expect says that a batch is about to be answered. Those who wait already will be in the next one, too.
func (s *Store) expect(w *writer, answered []*request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.expected = 0
	n, events := len(answered)+len(w.waiting), 0
	for _, r := range answered {
		events += r.count
	}
	if n < 2 || events > s.config.MaxBatch/2 { // nobody else, or what a transaction costs whatever it carries is little of it
		return
	}
	if w.skip > 0 {
		w.skip--
		return
	}
	w.expected, w.until = n-n/stragglers, time.Now().Add(s.gatherFor)
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
		w.came(true)
	case <-timer.C:
		w.came(false)
	}
	s.mu.Lock()
	w.full = nil
	s.mu.Unlock()
}

// came says whether those came who were waited for.
func (g *gathering) came(all bool) {
	if all {
		g.inVain = max(g.inVain-1, 0)
		return
	}
	g.inVain = min(g.inVain+1, maxInVain)
	g.skip = 1 << g.inVain
}
