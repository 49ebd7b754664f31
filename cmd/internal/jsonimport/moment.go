package jsonimport

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // for machines without a time zone database
)

// ParseZone returns a time zone by its IANA name, e.g. "Europe/Berlin"; an empty name means the zone of this machine.
func ParseZone(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("must be an IANA time zone, e.g. Europe/Berlin, got %q", name)
	}
	return zone, nil
}

// moment is a time that a record gives.
type moment struct {
	time.Time
	// naive says that the record named no offset.
	naive bool
	// note is NoteTimeGap or NoteTimeOverlap if the local time did not exist or occurred twice.
	note NoteCode
}

// readMoment reads a time: ISO 8601 with or without fraction and offset, a date alone (midnight), or a number of
// seconds, or milliseconds, since 1970.
func readMoment(raw json.RawMessage, zone *time.Location) (moment, error) {
	if len(raw) > 0 && raw[0] == '"' {
		return parseMoment(textOf(raw), zone)
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.Abs(seconds) > 1e14 {
		return moment{}, fmt.Errorf("%s is not a time", excerpt(raw))
	}
	if math.Abs(seconds) >= 1e11 {
		seconds /= 1000
	}
	whole, fraction := math.Modf(seconds)
	return moment{Time: time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000)}, nil
}

func parseMoment(text string, zone *time.Location) (moment, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	naive := len(text) <= 10 || !strings.ContainsAny(text[10:], "Z+-")
	layouts := []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z07:00"}
	if naive {
		layouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"}
	}
	for _, layout := range layouts {
		switch t, err := time.Parse(layout, text); {
		case err != nil:
		case naive:
			return resolve(t, zone), nil
		default:
			return moment{Time: t}, nil
		}
	}
	return moment{}, fmt.Errorf("%q is not a time", text)
}

// resolve returns a local time in a zone. If clocks were set forward and the time did not exist, or were set back and
// it occurred twice, the offset before the change applies: a time in the gap moves forward by the gap, and of two equal
// times the first is used. Python does the same (fold=0).
func resolve(clock time.Time, zone *time.Location) moment {
	_, before := clock.Add(-24 * time.Hour).In(zone).Zone()
	_, after := clock.Add(24 * time.Hour).In(zone).Zone()
	first := clock.Add(-time.Duration(before) * time.Second).In(zone)
	second := clock.Add(-time.Duration(after) * time.Second).In(zone)
	m := moment{Time: first, naive: true}
	switch fits, alsoFits := reads(first, clock), reads(second, clock); {
	case before == after:
	case fits && alsoFits:
		m.note = NoteTimeOverlap
	case !fits && alsoFits:
		m.Time = second
	case !fits:
		m.note = NoteTimeGap
	}
	return m
}

// reads reports whether a clock in the zone of t shows the given time at t.
func reads(t, clock time.Time) bool {
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).Equal(clock)
}
