package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/queries"
)

func TestTablesAreAlignedByWhatIsSeen(t *testing.T) {
	t.Parallel()
	rows := [][]cell{{{"名前", bold}, {"7", green}, {"x", plain}}, {{"ana", cyan}, {"1,234", red}, {"y", plain}}}
	var out bytes.Buffer
	(&screen{to: &out}).table(2, map[int]bool{1: true}, rows)
	require.Equal(t, "  名前      7  x\n  ana   1,234  y\n", out.String())

	out.Reset()
	(&screen{to: &out, colour: true}).table(0, nil, rows)
	require.Contains(t, out.String(), "\x1b[36mana\x1b[0m   \x1b[31m1,234\x1b[0m  y\n")
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	m := queries.Memory{ID: uuid.New(), AgentID: "physical_therapist", UserID: "ana", Type: "observation", State: "forgotten",
		Content: json.RawMessage(`"` + strings.Repeat("word ", 100) + `"`)}
	e := eventstore.Event{SequenceID: 1234567, StreamID: uuid.New(), Version: 12, Type: "memory_confidence_adjusted", SchemaVersion: 1,
		Payload: json.RawMessage(`{"from": 0.1, "to": 0.9}`), Metadata: json.RawMessage(`{"actor": "` + strings.Repeat("long ", 40) + `"}`), CreatedAt: time.Now()}
	for _, width := range []int{80, 120, 149, 150, 200} {
		var out bytes.Buffer
		s := &screen{to: &out, width: width}
		printList(s, []queries.Memory{m})
		require.NoError(t, (&eventPrinter{to: s}).print(&e))
		require.NoError(t, (&eventPrinter{to: s, brief: true}).print(&e))
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(line, "\n")), width, line)
		}
		require.Contains(t, out.String(), m.ID.String())
		require.Contains(t, out.String(), e.StreamID.String())
		require.Equal(t, 2, strings.Count(out.String(), e.Type))
	}
}

func TestNumbersAndTimesForPeople(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0", number(0))
	require.Equal(t, "999", number(999))
	require.Equal(t, "-1,234,567", number(-1234567))
	require.Equal(t, "1 memory", count(1, "memory"))
	require.Equal(t, "2,000 memories", count(2000, "memory"))
	require.Equal(t, "0 records", count(0, "record"))
	require.Equal(t, "12ms", took(12345*time.Microsecond))
	require.Equal(t, "1.23s", took(1234*time.Millisecond))
	require.Equal(t, "1m1s", took(61*time.Second+300*time.Millisecond))
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"dial nats://u:s3cret@h:1: refused":         "dial nats://***@h:1: refused",
		"postgres://s3cret@h/x?sslmode=disable bad": "postgres://***@h/x?sslmode=disable bad",
		"host=h password=s3cret dbname=x":           "host=h password=*** dbname=x",
		"password='s3 cr\\'et' dbname=x":            "password=*** dbname=x",
		"?sslpassword=s3cret&x=1":                   "?sslpassword=***&x=1",
		"such as postgres://user:password@host:1/d": "such as postgres://user:password@host:1/d",
		"nothing": "nothing",
	} {
		require.Equal(t, want, maskSecrets(text))
	}
}

func TestTimeLeftIsOfWhatWasDoneHere(t *testing.T) {
	t.Parallel()
	require.Equal(t, 30*time.Second, timeLeft(10*time.Second, 0, 25, 100))
	require.Equal(t, 10*time.Second, timeLeft(10*time.Second, 80, 90, 100), "what an earlier process did took no time of this one")
	require.Zero(t, timeLeft(time.Second, 80, 80, 100))
	require.Zero(t, timeLeft(time.Second, 0, 100, 100))
}
