package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
)

// load is a set of clients that remember, revise, doubt, forget and restore memories they share. Each sends a command
// with one idempotency key to any running server, and repeats it until it is answered.
type load struct {
	t      *testing.T
	w      *world
	tenant domain.Tenant
	run    string // begins each key, which must be new even in a log that is older than the load
	http   *http.Client
	pace   *pace // nil: as fast as it goes, commands only

	cancel  context.CancelFunc
	workers sync.WaitGroup
	asked   atomic.Int64 // commands
	retried atomic.Int64 // attempts after the first
	doubts  atomic.Int64 // answers that said that the outcome is unknown

	mu        sync.Mutex
	memories  []uuid.UUID
	answered  []answered
	latencies []time.Duration
}

// answered is a command with its answer.
type answered struct {
	client   int
	key      string
	writes   bool // an event in any case
	attempts int
	refused  bool
	commands.Receipt
}

// newLoad starts the clients; they go on until stop.
func (w *world) newLoad(tenant domain.Tenant, clients int) *load {
	return w.newPacedLoad(tenant, clients, nil)
}

func (w *world) newPacedLoad(tenant domain.Tenant, clients int, pace *pace) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{t: w.t, w: w, tenant: tenant, run: uuid.NewString()[:8], cancel: cancel, pace: pace}
	// A server that is suspended never answers; another one will.
	l.http = &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	for i := range clients {
		l.workers.Go(func() { l.work(ctx, i) })
	}
	l.t.Cleanup(l.stop)
	return l
}

// stop waits until each client has the answer to its current command.
func (l *load) stop() {
	l.cancel()
	l.workers.Wait()
	l.http.CloseIdleConnections()
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.answered)
}

// goesOn waits until more commands have been answered.
func (l *load) goesOn(more int) {
	l.t.Helper()
	before := l.count()
	require.Eventually(l.t, func() bool { return l.count() >= before+more || l.t.Failed() }, patience, tick, "the load makes no progress")
}

func (l *load) work(ctx context.Context, client int) {
	for n := 0; ctx.Err() == nil && !l.t.Failed(); n++ {
		if l.pace != nil && !l.pace.next(ctx, l) {
			return
		}
		l.one(client, fmt.Sprintf("%s-%d-%d", l.run, client, n), l.next(client, n))
	}
}

// request is a command as it is sent.
type request struct {
	method, path string
	body         any
	writes       bool
}

func (l *load) next(client, n int) request {
	l.mu.Lock()
	defer l.mu.Unlock()
	content := map[string]any{"text": fmt.Sprintf("client %d learned that the %d. walk of the day does good", client, n), "n": n}
	dice := rand.IntN(100)
	if len(l.memories) < 5 || dice < 30 {
		body := map[string]any{"agent_id": "coach", "user_id": fmt.Sprintf("user%d", n%3), "content": content}
		if n%2 == 0 {
			body["id"] = uuid.New()
		}
		return request{http.MethodPost, "/v1/memories", body, true}
	}
	// Mostly a memory that other clients change, too.
	path := "/v1/memories/" + l.memories[len(l.memories)-1-rand.IntN(min(10, len(l.memories)))].String()
	switch {
	case dice < 70:
		return request{http.MethodPatch, path, map[string]any{"content": content}, true}
	case dice < 80:
		return request{http.MethodPost, path + "/evidence", map[string]any{"supports": dice%2 == 0, "note": "seen"}, false}
	case dice < 90:
		return request{http.MethodDelete, path, nil, false}
	default:
		return request{http.MethodPost, path + "/restore", map[string]any{}, false}
	}
}

// one sends a command until it is answered.
func (l *load) one(client int, key string, r request) {
	l.asked.Add(1)
	began := time.Now()
	deadline := began.Add(patience)
	for attempt := 1; !l.t.Failed(); attempt++ {
		status, body, err := l.send(key, r)
		a := answered{client: client, key: key, writes: r.writes, attempts: attempt}
		switch {
		case err == nil && (status == http.StatusOK || status == http.StatusCreated):
			if err := json.Unmarshal(body, &a.Receipt); err != nil {
				l.t.Errorf("%s: %v: %s", key, err, body)
				return
			}
			l.settle(a, r.method == http.MethodPost && r.path == "/v1/memories", time.Since(began))
			return
		case err == nil && status == http.StatusConflict:
			a.refused = true
			l.settle(a, false, time.Since(began))
			return
		case err == nil && status != http.StatusServiceUnavailable:
			l.t.Errorf("%s %s %s: %d %s", key, r.method, r.path, status, body)
			return
		case err == nil && bytes.Contains(body, []byte("while the command was being committed")):
			l.doubts.Add(1)
		}
		if time.Now().After(deadline) {
			l.t.Errorf("%s has no answer after %d attempts: %d %s %v", key, attempt, status, body, err)
			return
		}
		l.retried.Add(1)
		<-time.After(time.Duration(5+rand.IntN(20)) * time.Millisecond)
	}
}

func (l *load) settle(a answered, remembered bool, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered = append(l.answered, a)
	l.latencies = append(l.latencies, took)
	if remembered {
		l.memories = append(l.memories, a.ID)
	}
}

// search recalls what one of three users was said to do.
func (l *load) search(n int64) (status int, body []byte, err error) {
	question := map[string]any{"query": "which walk does good?", "agent_id": "coach", "user_id": fmt.Sprintf("user%d", n%3)}
	return l.send("", request{http.MethodPost, "/v1/memories/search", question, false})
}

func (l *load) send(key string, r request) (status int, body []byte, err error) {
	urls := l.w.urls()
	if len(urls) == 0 {
		return 0, nil, fmt.Errorf("no server")
	}
	var raw []byte
	if r.body != nil {
		if raw, err = json.Marshal(r.body); err != nil {
			return 0, nil, err
		}
	}
	request, err := http.NewRequest(r.method, urls[rand.IntN(len(urls))]+r.path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	request.Header.Set("Auren-Tenant", string(l.tenant))
	answer, err := l.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}
