package commands

import (
	"context"
	"sync"
)

// keyedMutex is a mutex for each key; lock can be cancelled by a context. The zero value is ready for use.
type keyedMutex[K comparable] struct {
	mu      sync.Mutex
	entries map[K]*entry
}

type entry struct {
	// held is full while the key is locked.
	held chan struct{}
	// users hold the lock or wait for it; the last one removes the entry.
	users int
}

// lock waits until the key is free, in no particular order; unlock must be called once.
func (m *keyedMutex[K]) lock(ctx context.Context, key K) (unlock func(), err error) {
	e := m.enter(key)
	select {
	case e.held <- struct{}{}:
		return func() {
			<-e.held
			m.leave(key, e)
		}, nil
	case <-ctx.Done():
		m.leave(key, e)
		return nil, ctx.Err()
	}
}

func (m *keyedMutex[K]) enter(key K) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		m.entries = map[K]*entry{}
	}
	e := m.entries[key]
	if e == nil {
		e = &entry{held: make(chan struct{}, 1)}
		m.entries[key] = e
	}
	e.users++
	return e
}

func (m *keyedMutex[K]) leave(key K, e *entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.users--; e.users == 0 {
		delete(m.entries, key)
	}
}
