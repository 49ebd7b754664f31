package faults_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

// Agents recall and remember as fast as they can while the read models are rebuilt several times: no request fails and
// nothing deadlocks.
func TestRecallWhileRebuilding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server()
	w.projector()
	l := w.newLoad(domain.DefaultTenant, clients)
	l.goesOn(200)

	var asking sync.WaitGroup
	var asked atomic.Int64
	var stop atomic.Bool
	for n := range 8 {
		asking.Go(func() {
			for !stop.Load() {
				status, said, err := l.search(int64(n))
				if err != nil || status != http.StatusOK {
					t.Errorf("search: %d %s %v", status, said, err)
					return
				}
				asked.Add(1)
			}
		})
	}
	for range 3 {
		_, said, ok := w.run("rebuild")
		require.True(t, ok, said)
	}
	stop.Store(true)
	asking.Wait()
	w.check(domain.DefaultTenant, l)
	t.Logf("%d recalled, %d remembered", asked.Load(), l.count())
}
