package terminal

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTablesAreAlignedByWhatIsSeen(t *testing.T) {
	t.Parallel()
	rows := [][]Cell{{{"名前", Bold}, {"7", Green}, {"x", Plain}}, {{"ana", Cyan}, {"1,234", Red}, {"y", Plain}}}
	var out bytes.Buffer
	New(&out).Table(2, map[int]bool{1: true}, rows)
	require.Equal(t, "  名前      7  x\n  ana   1,234  y\n", out.String())

	out.Reset()
	s := New(&out)
	s.Colour = true
	s.Table(0, nil, rows)
	require.Contains(t, out.String(), "\x1b[36mana\x1b[0m   \x1b[31m1,234\x1b[0m  y\n")
}

func TestNumbersAndTimesForPeople(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0", Number(0))
	require.Equal(t, "999", Number(999))
	require.Equal(t, "-1,234,567", Number(-1234567))
	require.Equal(t, "1 memory", Count(1, "memory"))
	require.Equal(t, "2,000 memories", Count(2000, "memory"))
	require.Equal(t, "0 records", Count(0, "record"))
	require.Equal(t, "12ms", Duration(12345*time.Microsecond))
	require.Equal(t, "1.23s", Duration(1234*time.Millisecond))
	require.Equal(t, "1m1s", Duration(61*time.Second+300*time.Millisecond))
}

func TestTimeLeftIsOfWhatWasDoneHere(t *testing.T) {
	t.Parallel()
	require.Equal(t, 30*time.Second, timeLeft(10*time.Second, 0, 25, 100))
	require.Equal(t, 10*time.Second, timeLeft(10*time.Second, 80, 90, 100), "what an earlier process did took no time of this one")
	require.Zero(t, timeLeft(time.Second, 80, 80, 100))
	require.Zero(t, timeLeft(time.Second, 0, 100, 100))
}
