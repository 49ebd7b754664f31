package jsonimport

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMoments(t *testing.T) {
	t.Parallel()
	for text, expected := range map[string]string{
		`"2026-07-01T10:00:00"`:           "2026-07-01T08:00:00Z",
		`"2026-07-01t10:00:00.5z"`:        "2026-07-01T10:00:00.5Z",
		`"2026-07-01 10:00"`:              "2026-07-01T08:00:00Z",
		`"2026-07-01"`:                    "2026-06-30T22:00:00Z",
		`"2026-07-01T10:00:00+0200"`:      "2026-07-01T08:00:00Z",
		`"2026-07-01T10:00:00.123456-01"`: "2026-07-01T11:00:00.123456Z",
		`1767607200`:                      "2026-01-05T10:00:00Z",
		`1767607200123`:                   "2026-01-05T10:00:00.123Z",
		`-1.5`:                            "1969-12-31T23:59:58.5Z",
	} {
		m, err := readMoment(json.RawMessage(text), berlin(t))
		require.NoError(t, err, text)
		require.Equal(t, expected, m.UTC().Format(time.RFC3339Nano), text)
	}
	for _, text := range []string{`""`, `"yesterday"`, `"2026-13-01"`, `"2026-02-30T10:00:00"`, `true`, `null`, `{}`, `1e300`, `"25:00"`} {
		_, err := readMoment(json.RawMessage(text), berlin(t))
		require.ErrorContains(t, err, "is not a time", text)
	}
}

func TestNaiveTimesAtAChangeOfClocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, clock, utc string
		note             NoteCode
	}{
		{"Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z", ""},
		{"Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z", NoteTimeGap},
		{"Europe/Berlin", "2026-03-29T02:59:59", "2026-03-29T01:59:59Z", NoteTimeGap},
		{"Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z", ""},
		{"Europe/Berlin", "2025-10-26T01:59:59", "2025-10-25T23:59:59Z", ""},
		{"Europe/Berlin", "2025-10-26T02:00:00", "2025-10-26T00:00:00Z", NoteTimeOverlap},
		{"Europe/Berlin", "2025-10-26T02:59:59", "2025-10-26T00:59:59Z", NoteTimeOverlap},
		{"Europe/Berlin", "2025-10-26T03:00:00", "2025-10-26T02:00:00Z", ""},
		{"America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00Z", NoteTimeGap},
		{"America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z", NoteTimeOverlap},
		{"Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00Z", NoteTimeGap}, // half an hour
		{"UTC", "2026-03-29T02:30:00", "2026-03-29T02:30:00Z", ""},
	} {
		zone, err := ParseZone(c.zone)
		require.NoError(t, err)
		m, err := parseMoment(c.clock, zone)
		require.NoError(t, err)
		require.Equal(t, c.utc, m.UTC().Format(time.RFC3339), c.zone+" "+c.clock)
		require.Equal(t, c.note, m.note, c.zone+" "+c.clock)
		require.True(t, m.naive)
	}
	_, err := ParseZone("Europe/Bonn")
	require.EqualError(t, err, `must be an IANA time zone, e.g. Europe/Berlin, got "Europe/Bonn"`)
	local, err := ParseZone("")
	require.NoError(t, err)
	require.Equal(t, time.Local, local)
}
