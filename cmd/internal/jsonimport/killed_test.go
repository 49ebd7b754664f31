package jsonimport

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/jsonimport/sample"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// The environment variables that make this test binary import a tree until it is killed.
const (
	victimDSN  = "AUREN_TEST_IMPORT_DSN"
	victimRoot = "AUREN_TEST_IMPORT_ROOT"
)

// importUntilKilled imports and prints its progress after each batch. After half of the files it blocks until it is
// killed.
func importUntilKilled(dsn string) {
	pool, err := pgxpool.New(context.Background(), dsn)
	if err != nil {
		panic(err)
	}
	deps := newWorld(pool).deps()
	deps.Progress = func(p Progress) {
		if fmt.Println(p.Records); p.Bytes > p.TotalBytes/2 {
			select {}
		}
	}
	zone, err := ParseZone(sample.TimeZone)
	if err != nil {
		panic(err)
	}
	_, err = Run(context.Background(), Options{Root: os.Getenv(victimRoot), User: sample.User, Zone: zone, BatchRecords: 50}, deps)
	panic(fmt.Sprintf("the import ended before it was killed: %v", err))
}

func TestAKilledImportIsCompletedByTheNext(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "old")
	summary, err := sample.Write(root, sample.Options{Records: 2000})
	require.NoError(t, err)
	dsn := pgtest.DSN(t)

	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), victimDSN+"="+dsn, victimRoot+"="+root)
	out, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	told := bufio.NewScanner(out)
	for batches := 0; batches < 10; batches++ {
		require.True(t, told.Scan(), "the victim ended by itself")
	}
	require.NoError(t, victim.Process.Kill())
	require.Error(t, victim.Wait())

	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	defer pool.Close()
	w := newWorld(pool)
	written := w.head(t)
	require.Positive(t, written)
	require.Less(t, written, int64(summary.Added))

	report, _ := w.run(t, Options{Root: root})
	require.Equal(t, summary.Added, report.Total.Added+report.Total.Unchanged)
	require.Positive(t, report.Total.Unchanged)
	require.Positive(t, report.Total.Added)
	require.Equal(t, summary.Added, report.Verification.Verified)
	require.True(t, report.Verification.Complete())
	again, _ := w.run(t, Options{Root: root})
	require.Zero(t, again.Total.Added)
}
