package cli

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/terminal"
)

func TestTimesArePrintedAsTheyAreRead(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	read, err := ParseTime(terminal.Time(now))
	require.NoError(t, err)
	require.True(t, now.Equal(*read))
	for text, want := range map[string]time.Time{
		"2026-01-31T08:00:00Z": time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC),
		"2026-01-31T08:00:00":  time.Date(2026, 1, 31, 8, 0, 0, 0, time.Local),
		"2026-01-31 08:00":     time.Date(2026, 1, 31, 8, 0, 0, 0, time.Local),
		"2026-01-31":           time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local),
	} {
		read, err := ParseTime(text)
		require.NoError(t, err)
		require.True(t, want.Equal(*read), text)
	}
	_, err = ParseTime("yesterday")
	require.ErrorContains(t, err, "must be a time")
}

func TestSummary(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		`"a text"`:                           "a text",
		`{"b": "short", "a": "the longest"}`: "the longest",
		`{"n": [1, {"x": "deep"}]}`:          "deep",
		`{"learning": "likes tea", "imported_from": "coach/specialist_memory.json"}`: "likes tea",
		`[1, 2]`:       "[1, 2]",
		`null`:         "null",
		`"two\nlines"`: "two lines",
	} {
		require.Equal(t, want, summary(json.RawMessage(content)))
	}
}
