package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// The users of the memories. The files of the agents name none: pass User to the import.
const (
	User      = "anna"
	OtherUser = "6f9619ff-8b86-4d11-b42d-00c04fc964ff"
)

// TimeZone is the zone of the times that name none.
const TimeZone = "Europe/Berlin"

// Summary is the expected result of a first import of the tree, with User and TimeZone.
type Summary struct {
	// Files is how many JSON files there are, Problems how many of them cannot be read, or not to their end.
	Files, Problems int
	// Ignored is how many other files there are.
	Ignored int
	// Records is how many records there are: the sum of the next three.
	Records, Added, Duplicate, Rejected int
	// Agents counts the memories that each agent gets.
	Agents map[string]int
}

// writer writes a tree and its summary.
type writer struct {
	dir   string
	rng   *rand.Rand
	until time.Time
	// sentences is how many sentences a text has.
	sentences int
	summary   Summary
}

// expect is the expected result of importing a file.
type expect struct {
	duplicate, rejected int
	problem             bool
	// added counts new memories by agent.
	added map[string]int
}

func (w *writer) file(name string, e expect, value any) error {
	s := &w.summary
	s.Files++
	if e.problem {
		s.Problems++
	}
	s.Duplicate += e.duplicate
	s.Rejected += e.rejected
	s.Records += e.duplicate + e.rejected
	for agent, n := range e.added {
		s.Agents[agent] += n
		s.Added += n
		s.Records += n
	}
	return w.write(name, encode(value))
}

func (w *writer) write(name string, text []byte) error {
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a sample is for everyone
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // a sample is for everyone
		return err
	}
	return os.Chtimes(path, w.until, w.until)
}

// moments returns n times, ordered by day, over the nine months before the end.
func (w *writer) moments(n int) []time.Time {
	const span = 270 * 24 * time.Hour
	times := make([]time.Time, n)
	for i := range times {
		at := w.until.Add(-span + time.Duration(float64(span)*float64(i)/float64(max(n, 1))))
		day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
		// Order within a day follows i, the microseconds make each record its own.
		second := 7*3600 + (i*131)%(14*3600)
		times[i] = day.Add(time.Duration(second)*time.Second + time.Duration(w.rng.IntN(1_000_000))*time.Microsecond)
		if w.rng.IntN(40) == 0 {
			times[i] = times[i].Truncate(time.Second)
		}
	}
	return times
}

func (w *writer) pick(words ...string) string { return words[w.rng.IntN(len(words))] }

// unit returns a random number with up to four decimals.
func (w *writer) unit(from, to float64) float64 {
	return math.Round((from+w.rng.Float64()*(to-from))*1e4) / 1e4
}

// uuid returns a version 4 UUID from the sample's random numbers.
func (w *writer) uuid() string {
	a, b := w.rng.Uint64(), w.rng.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}
