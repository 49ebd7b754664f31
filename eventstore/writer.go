package eventstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/auren-memory/auren/domain"
)

// writer is the queue of one tenant's log. While there is something in it somebody drains it: the caller who finds
// it empty commits the first batch itself, since to wake a goroutine would take longer than the rest of its work, and
// a goroutine those that came meanwhile.
type writer struct {
	waiting  []*request
	draining bool
	// cache is used only by the goroutine that drains.
	cache headCache
	gathering
}

// idleWriters is how many writers are kept, with what they know, while they have nothing to do.
const idleWriters = 1000

// enqueue puts a request into its queue. Where lead is returned, nobody drains the queue and the caller must call it;
// it returns when the request is done.
func (s *Store) enqueue(r *request) (lead func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenant := r.command.Tenant
	w := s.writers[tenant]
	if w == nil {
		w = &writer{}
		s.writers[tenant] = w
	}
	if len(w.waiting) >= s.config.MaxWaiting {
		return nil, ErrOverloaded
	}
	w.waiting = append(w.waiting, r)
	w.joined()
	if w.draining {
		return nil, nil
	}
	w.draining = true
	s.running.Add(1)
	return func() {
		defer s.running.Done()
		s.commitNext(tenant, w)
		if !s.rest(tenant, w) {
			s.running.Go(func() { s.drain(tenant, w) })
		}
	}, nil
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
	for !s.rest(tenant, w) {
		s.commitNext(tenant, w)
	}
}

// commitNext commits the next batch, if anything still waits, and gives its requests their answers.
func (s *Store) commitNext(tenant domain.Tenant, w *writer) {
	s.gather(w)
	batch := s.take(w)
	if len(batch) == 0 {
		return
	}
	ctx, observed := s.observe(tenant, batch)
	s.commit(ctx, tenant, &w.cache, batch)
	observed.end()
	s.expect(w, batch, time.Since(observed.began))
	for _, r := range batch {
		close(r.done)
	}
}

// rest ends the draining where nothing waits.
func (s *Store) rest(tenant domain.Tenant, w *writer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(w.waiting) > 0 {
		return false
	}
	w.draining = false
	if len(s.writers) > idleWriters {
		delete(s.writers, tenant)
	}
	return true
}

// take removes the next batch from the queue.
func (s *Store) take(w *writer) []*request {
	s.mu.Lock()
	defer s.mu.Unlock()
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
func (s *Store) commit(ctx context.Context, tenant domain.Tenant, cache *headCache, batch []*request) {
	bounded, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	err := s.commitOnce(bounded, tenant, cache, batch)
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
		s.commit(ctx, tenant, cache, []*request{r})
	}
}
