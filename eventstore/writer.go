package eventstore

import (
	"context"
	"errors"
	"slices"

	"github.com/auren-memory/auren/domain"
)

// writer is the queue of one tenant's log. A goroutine drains it while there is something in it.
type writer struct {
	waiting  []*request
	draining bool
}

func (s *Store) enqueue(r *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenant := r.command.Tenant
	w := s.writers[tenant]
	if w == nil {
		w = &writer{}
		s.writers[tenant] = w
	}
	if len(w.waiting) >= s.config.MaxWaiting {
		return ErrOverloaded
	}
	w.waiting = append(w.waiting, r)
	if !w.draining {
		w.draining = true
		s.running.Go(func() { s.drain(tenant, w) })
	}
	return nil
}

// withdraw takes a request out of the queue; false means that it is being committed already.
func (s *Store) withdraw(r *request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.writers[r.command.Tenant]
	if w == nil {
		return false
	}
	i := slices.Index(w.waiting, r)
	if i < 0 {
		return false
	}
	w.waiting = slices.Delete(w.waiting, i, i+1)
	return true
}

// drain commits batch after batch until nothing waits.
func (s *Store) drain(tenant domain.Tenant, w *writer) {
	for {
		batch := s.take(tenant, w)
		if batch == nil {
			return
		}
		s.commit(tenant, batch)
		for _, r := range batch {
			close(r.done)
		}
	}
}

// take removes the next batch from the queue, or retires the writer where nothing waits.
func (s *Store) take(tenant domain.Tenant, w *writer) []*request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(w.waiting) == 0 {
		delete(s.writers, tenant)
		return nil
	}
	n, count, bytes := 0, 0, 0
	for n < len(w.waiting) {
		count += max(1, w.waiting[n].count)
		bytes += w.waiting[n].bytes
		if n > 0 && (count > s.config.MaxBatch || bytes > s.config.MaxBatchBytes) {
			break
		}
		n++
	}
	batch := slices.Clone(w.waiting[:n])
	w.waiting = slices.Delete(w.waiting, 0, n)
	return batch
}

// commit gives every request of the batch its result or its error.
func (s *Store) commit(tenant domain.Tenant, batch []*request) {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Timeout)
	defer cancel()
	err := s.commitOnce(ctx, tenant, batch)
	if err == nil {
		return
	}
	if len(batch) == 1 || isUnavailable(err) || errors.Is(err, ErrOutcomeUnknown) {
		for _, r := range batch {
			r.result, r.err = Result{}, translate(err)
		}
		return
	}
	// The database refused the batch for what is in it: only the command at fault may fail.
	for _, r := range batch {
		s.commit(tenant, []*request{r})
	}
}
