// Package sample writes a tree of old JSON memory files as they are found on a disk: the memories of five agents over
// months, exported lists in several shapes, a knowledge base, and every irregularity of such files. The same options
// always yield the same tree.
package sample

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// Options configure a tree; the zero value works.
type Options struct {
	// Records is about how many records the tree holds; default 3,000. The oddities, about 100, come on top.
	Records int
	// Sentences is how many sentences each record's text has; default 1. With 14, a record takes about 1 KB.
	Sentences int
	// WithoutOddities leaves out all irregular files.
	WithoutOddities bool
}

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

// Write writes a tree into a directory, which it creates. Files that are there already are replaced.
func Write(dir string, o Options) (Summary, error) {
	o.Records = cmp.Or(o.Records, 3000)
	o.Sentences = cmp.Or(o.Sentences, 1)
	// The records lie in the nine months before.
	until := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	w := &writer{dir: dir, rng: rand.New(rand.NewPCG(1, 7)), until: until, records: o.Records, sentences: o.Sentences, summary: Summary{Agents: map[string]int{}}} //nolint:gosec // a sample, not a secret
	steps := []func() error{w.specialists, w.exports, w.knowledgeBase, w.neighbours}
	if !o.WithoutOddities {
		steps = append(steps, w.oddities)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Summary{}, fmt.Errorf("write sample: %w", err)
		}
	}
	return w.summary, nil
}

func (w *writer) neighbours() error {
	for name, text := range map[string]string{
		"README.txt":                      "Memories of the agents. Do not edit while they are running.\n",
		"exports/weights.csv":             "date,kg\n2026-01-04,71.2\n2026-02-01,70.1\n",
		"neuroscientist/memory.json.lock": "",
	} {
		w.summary.Ignored++
		if err := w.write(name, []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// writer writes a tree and its summary.
type writer struct {
	dir   string
	rng   *rand.Rand
	until time.Time
	// records is about how many records the tree holds, sentences how many sentences a text has.
	records, sentences int
	summary            Summary
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
