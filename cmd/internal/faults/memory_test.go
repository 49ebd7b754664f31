package faults_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/projections"
)

// The memory of a server and a projector does not grow with the log: AUREN_MEMORY_EVENTS memories of 1 kB (default 20,000)
// are sent as fast as possible, projected, and published to NATS.
func TestMemoryIsFlat(t *testing.T) {
	t.Parallel()
	events, err := strconv.Atoi(cmp.Or(os.Getenv("AUREN_MEMORY_EVENTS"), "20000"))
	require.NoError(t, err, "AUREN_MEMORY_EVENTS is how many memories are sent")
	w := newWorld(t)
	resident := newResident(w.server(), w.projector())
	l := &load{t: t, w: w, tenant: "default", http: &http.Client{Timeout: patience}}
	began := time.Now()

	const clients, batch = 4, 500
	var sending errgroup.Group
	for client := range clients {
		sending.Go(func() error {
			for n := client; n < events/batch; n += clients {
				status, said, err := l.send(uuid.NewString(), request{method: http.MethodPost, path: "/v1/memories/batch", body: memoriesOf(n, batch)})
				if err != nil {
					return fmt.Errorf("batch %d: %w", n, err)
				}
				if status != http.StatusOK {
					return fmt.Errorf("batch %d: %d %s", n, status, said)
				}
			}
			return nil
		})
	}
	sent := make(chan error, 1)
	go func() { sent <- sending.Wait() }()

	var wrote, projected time.Duration
	for looks := time.NewTicker(200 * time.Millisecond); projected == 0; <-looks.C {
		resident.look()
		select {
		case err := <-sent:
			require.NoError(t, err)
			wrote = time.Since(began)
		default:
		}
		status, err := projections.ReadStatus(t.Context(), w.pool)
		require.NoError(t, err)
		if wrote > 0 && !slices.ContainsFunc(status, func(s projections.Status) bool { return s.SequenceID < int64(events/batch*batch) }) {
			projected = time.Since(began)
		}
	}
	fmt.Printf("\n%d memories of 1 kB: written in %.1f s, projected and sent on after %.1f s\n", events/batch*batch, wrote.Seconds(), projected.Seconds())
	resident.requireFlat(t)
}

// memoriesOf returns a batch of memories of 1 kB, each with different words.
func memoriesOf(n, size int) any {
	random := rand.New(rand.NewPCG(uint64(n), 0))
	memories := make([]any, size)
	for i := range memories {
		var text strings.Builder
		for text.Len() < 1000 {
			fmt.Fprintf(&text, "word%d ", random.IntN(5000))
		}
		memories[i] = map[string]any{"agent_id": fmt.Sprintf("agent%d", n%100), "user_id": "ana", "content": text.String()}
	}
	return map[string]any{"memories": memories}
}

// resident is the memory of processes over time, in MiB.
type resident struct {
	pids map[string]int
	took map[string][]int
}

func newResident(server, projector *process) *resident {
	return &resident{pids: map[string]int{"server": server.PID(), "projector": projector.PID()}, took: map[string][]int{}}
}

func (r *resident) look() {
	for name, pid := range r.pids {
		r.took[name] = append(r.took[name], residentMiB(pid))
	}
}

// quarters returns the minimum and maximum of each quarter of the time.
func (r *resident) quarters(name string) string {
	var quarters []string
	for n := range 4 {
		if quarter := r.took[name][len(r.took[name])*n/4 : len(r.took[name])*(n+1)/4]; len(quarter) > 0 {
			quarters = append(quarters, fmt.Sprintf("%d–%d", slices.Min(quarter), slices.Max(quarter)))
		}
	}
	return strings.Join(quarters, ", ") + " MiB"
}

// requireFlat prints the quarters and requires that the last one needed no more than the ones before. It tolerates half more,
// because of garbage collection, and 16 MiB, because buffers fill slowly.
func (r *resident) requireFlat(t *testing.T) {
	t.Helper()
	for name, took := range r.took {
		require.GreaterOrEqual(t, len(took), 4, "too few looks")
		fmt.Printf("memory of the %s by quarters: %s\n", name, r.quarters(name))
		before, last := slices.Max(took[:len(took)*3/4]), slices.Max(took[len(took)*3/4:])
		require.LessOrEqual(t, last, before*3/2+16, "the memory of the %s grows", name)
	}
}
