package eventstore_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"runtime/pprof"
	"time"

	"github.com/google/uuid"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

func selfCPU() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func pgCPU() (total time.Duration) {
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		b, err := os.ReadFile("/proc/" + d.Name() + "/stat")
		if err != nil {
			continue
		}
		s := string(b)
		i := strings.LastIndex(s, ")")
		if i < 0 || !strings.Contains(s[:i], "(postgres") {
			continue
		}
		f := strings.Fields(s[i+1:])
		for _, n := range []int{11, 12, 13, 14} {
			if n > 12 && f[1] != "1" && !strings.Contains(s[:i], "zzz") {
			}
			u, _ := strconv.Atoi(f[n])
			total += time.Duration(u) * 10 * time.Millisecond
		}
	}
	return
}

func BenchmarkZZ(b *testing.B) {
	pool := benchPool(b)
	text, _ := json.Marshal(map[string]string{"text": strings.Repeat("a memory of some length, ", 38)})
	const clients, turn = 100, 1500 * time.Millisecond
	var ids []string
	for range 3_000_000 / 4 { ids = append(ids, uuid.NewString()) }
	var nextID atomic.Int64
	side := func(name domain.Tenant, chained, idempotent bool) func(string) {
		store := eventstore.New(pool, eventstore.Config{})
		if !chained {
			eventstore.Unchain(store)
		}
		handler := commands.New(store, commands.Config{})
		return func(prof string) {
			if prof != "" {
				f, _ := os.Create("/tmp/prof." + string(name))
				pprof.StartCPUProfile(f)
				defer pprof.StopCPUProfile()
			}
			self, pg := selfCPU(), pgCPU()
			var done atomic.Int64
			began := time.Now()
			var working sync.WaitGroup
			for range clients {
				working.Go(func() {
					for time.Since(began) < turn {
						request := commands.Request{Tenant: name}
						if idempotent {
							request.Meta.CommandID = ids[nextID.Add(1)]
						}
						if _, err := handler.Remember(b.Context(), request, commands.Remember{AgentID: "coach", UserID: "ana", Content: text}); err != nil {
							b.Error(err)
							return
						}
						done.Add(1)
					}
				})
			}
			working.Wait()
			n := time.Duration(done.Load())
			fmt.Printf("%-12s %6.0f/s go %6.2f pg %6.2f us\n", name, float64(n)/time.Since(began).Seconds(), float64((selfCPU()-self)/n)/1000, float64((pgCPU()-pg)/n)/1000)
		}
	}
	neither, both := side("neither", false, false), side("both", true, true)
	chain, idempotency := side("chain", true, false), side("idempotency", false, true)
	for i := range 5 {
		p := ""
		if i == 3 { p = "x" }
		neither(p)
		both(p)
		chain(p)
		idempotency(p)
	}
}
