package writer

import (
	"slices"
	"sync"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// queue holds the commands of one tenant that wait for a transaction. While it holds any, one goroutine drains it: the caller that
// finds it empty commits the first batch itself, because waking a goroutine would take longer than the rest of its work; a new
// goroutine commits what arrived meanwhile.
type queue struct {
	waiting  []*request
	draining bool
	delay    batchDelay
	// cache is used only by the goroutine that drains.
	cache headCache
}

// queues are those of all tenants.
type queues struct {
	config *Config
	options
	// commit gives every request of a batch its result or error.
	commit func(domain.Tenant, *headCache, []*request)

	mu       sync.Mutex
	byTenant map[domain.Tenant]*queue
	running  sync.WaitGroup
}

// idleQueues is how many idle queues are kept, for what they remember.
const idleQueues = 1000

// enqueue adds a request to its queue. If it returns run, nobody drains the queue and the caller must call it; it returns when the
// request is done.
func (q *queues) enqueue(r *request) (run func(), err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	tenant := r.command.Tenant
	own := q.byTenant[tenant]
	if own == nil {
		own = &queue{}
		q.byTenant[tenant] = own
	}
	if len(own.waiting) >= q.config.MaxWaiting {
		return nil, eventstore.ErrOverloaded
	}
	r.queue, own.waiting = own, append(own.waiting, r)
	own.delay.arrived(len(own.waiting))
	if own.draining {
		return nil, nil
	}
	own.draining = true
	q.running.Add(1)
	return func() {
		defer q.running.Done()
		q.commitNext(tenant, own)
		if !q.stopIfIdle(tenant, own) {
			q.running.Go(func() {
				for !q.stopIfIdle(tenant, own) {
					q.commitNext(tenant, own)
				}
			})
		}
	}, nil
}

// withdraw takes a request out of its queue; false means that it is being committed already.
func (q *queues) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(r.queue.waiting, r)
	if i >= 0 {
		r.queue.waiting = slices.Delete(r.queue.waiting, i, i+1)
	}
	return i >= 0
}

// stopIfIdle stops draining if nothing waits.
func (q *queues) stopIfIdle(tenant domain.Tenant, own *queue) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(own.waiting) > 0 {
		return false
	}
	own.draining = false
	if len(q.byTenant) > idleQueues {
		delete(q.byTenant, tenant)
	}
	return true
}

// commitNext commits the next batch, if anything still waits, and answers its requests.
func (q *queues) commitNext(tenant domain.Tenant, own *queue) {
	q.wait(own)
	batch := q.take(own)
	if len(batch) == 0 {
		return
	}
	began := q.now()
	q.commit(tenant, &own.cache, batch)
	q.arm(own, batch, q.now().Sub(began))
	for _, r := range batch {
		close(r.done)
	}
}

// wait waits for the callers that the next batch is delayed for.
func (q *queues) wait(own *queue) {
	q.mu.Lock()
	full, left := own.delay.begin(len(own.waiting), q.now())
	q.mu.Unlock()
	if full == nil {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-full:
	case <-timer.C:
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	own.delay.adjust(q.now())
}

// arm sets the delay of the next batch when one that took so long is about to be answered.
func (q *queues) arm(own *queue, answered []*request, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	callers := len(answered) + len(own.waiting)
	if q.large(answered, own.waiting) {
		callers = 0
	}
	own.delay.arm(callers, q.now().Add(min(took/2, q.maxDelay)))
}

// large tells whether requests take half of what a batch may carry. The fixed cost of a transaction is then small in comparison.
func (q *queues) large(requests ...[]*request) bool {
	events, bytes := 0, 0
	for _, some := range requests {
		for _, r := range some {
			events, bytes = events+max(1, r.count), bytes+r.bytes
		}
	}
	return events > q.config.MaxBatch/2 || bytes > q.config.MaxBatchBytes/2
}

// take removes the next batch from the queue.
func (q *queues) take(own *queue) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, count, bytes := 0, 0, 0
	for n < len(own.waiting) {
		count += max(1, own.waiting[n].count)
		bytes += own.waiting[n].bytes
		if n > 0 && (count > q.config.MaxBatch || bytes > q.config.MaxBatchBytes) {
			break
		}
		n++
	}
	batch := slices.Clone(own.waiting[:n])
	own.waiting = slices.Delete(own.waiting, 0, n)
	return batch
}
