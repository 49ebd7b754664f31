package measure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Machine is what the figures were taken on.
type Machine struct {
	OS        string `json:"os"`
	Processor string `json:"processor,omitempty"`
	// Cores is how many this program may use.
	Cores int `json:"cores"`
	// MemoryBytes is 0 where it is not known.
	MemoryBytes uint64 `json:"memory_bytes,omitempty"`
	Go          string `json:"go"`
	// Private says that PostgreSQL ran on the same machine, for the benchmark alone.
	Private bool `json:"private_server"`
	// SyncP50 and SyncP99 are how long it takes to write and sync 8 KiB to the disk of a private server, in
	// milliseconds; 0 where it is not known.
	SyncP50    float64   `json:"sync_p50_ms,omitempty"`
	SyncP99    float64   `json:"sync_p99_ms,omitempty"`
	PostgreSQL string    `json:"postgresql"`
	Settings   []Setting `json:"settings"`
}

// Setting is one of PostgreSQL's.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const readSettings = `
select name, current_setting(name)
  from pg_settings
 where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers', 'work_mem',
                'maintenance_work_mem', 'max_wal_size', 'min_wal_size', 'max_connections', 'random_page_cost')
 order by name`

// Describe reads what the figures are taken on; diskDir is empty where the disk is not known.
func Describe(ctx context.Context, dsn, diskDir string) (Machine, error) {
	m := Machine{
		OS: runtime.GOOS + "/" + runtime.GOARCH, Processor: procField("/proc/cpuinfo", "model name"), Cores: runtime.GOMAXPROCS(0),
		Go: runtime.Version(), Private: diskDir != "",
	}
	if fields := strings.Fields(procField("/proc/meminfo", "MemTotal")); len(fields) > 0 {
		kib, _ := strconv.ParseUint(fields[0], 10, 64) // unknown is an answer
		m.MemoryBytes = kib << 10
	}
	if diskDir != "" {
		latencies, err := syncTimes(diskDir)
		if err != nil {
			return m, fmt.Errorf("measure the disk: %w", err)
		}
		f := figures{}
		f.add(Sample{Count: 1, Took: 1, Latencies: latencies})
		m.SyncP50, m.SyncP99 = f.p50[0], f.p99[0]
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return m, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := conn.QueryRow(ctx, "select current_setting('server_version')").Scan(&m.PostgreSQL); err != nil {
		return m, fmt.Errorf("read the version of PostgreSQL: %w", err)
	}
	rows, err := conn.Query(ctx, readSettings)
	if err != nil {
		return m, fmt.Errorf("read settings: %w", err)
	}
	m.Settings, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Setting])
	return m, err
}

// syncTimes writes what PostgreSQL's log is written in, over and over in one file, and makes each last.
func syncTimes(dir string) ([]time.Duration, error) {
	file, err := os.Create(filepath.Join(dir, "sync")) //nolint:gosec // a directory of our own
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	const times, blocks = 200, 128
	block := make([]byte, 8<<10)
	for i := range blocks {
		if _, err := file.WriteAt(block, int64(i*len(block))); err != nil {
			return nil, err
		}
	}
	if err := file.Sync(); err != nil {
		return nil, err
	}
	latencies := make([]time.Duration, times)
	for i := range latencies {
		at := time.Now()
		if _, err := file.WriteAt(block, int64(i%blocks*len(block))); err != nil {
			return nil, err
		}
		if err := syncData(file); err != nil {
			return nil, err
		}
		latencies[i] = time.Since(at)
	}
	return latencies, nil
}

// procField returns what stands after a name in a file of Linux; empty elsewhere.
func procField(file, name string) string {
	text, _ := os.ReadFile(file) //nolint:gosec // unknown is an answer
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// LoadAverage is that of the last minute; 0 where it is not known.
func LoadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64) // unknown is an answer
	return load
}
