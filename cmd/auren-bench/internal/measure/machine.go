package measure

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

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
	Private    bool      `json:"private_server"`
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

// Describe reads what the figures are taken on.
func Describe(ctx context.Context, dsn string, private bool) (Machine, error) {
	m := Machine{
		OS: runtime.GOOS + "/" + runtime.GOARCH, Processor: procField("/proc/cpuinfo", "model name"), Cores: runtime.GOMAXPROCS(0),
		Go: runtime.Version(), Private: private,
	}
	if fields := strings.Fields(procField("/proc/meminfo", "MemTotal")); len(fields) > 0 {
		kib, _ := strconv.ParseUint(fields[0], 10, 64) // unknown is an answer
		m.MemoryBytes = kib << 10
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return m, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := conn.QueryRow(ctx, "select current_setting('server_version')").Scan(&m.PostgreSQL); err != nil {
		return m, fmt.Errorf("read the version of PostgreSQL: %w", err)
	}
	rows, _ := conn.Query(ctx, readSettings) // CollectRows returns its error
	if m.Settings, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Setting]); err != nil {
		return m, fmt.Errorf("read settings: %w", err)
	}
	return m, nil
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
