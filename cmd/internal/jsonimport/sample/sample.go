// Package sample writes a tree of old JSON memory files as they are found on a disk: the memories of five agents over
// months, exported lists in several shapes, a knowledge base, and every irregularity of such files. The same options
// always yield the same tree.
package sample

import (
	"cmp"
	"fmt"
	"math/rand/v2"
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

// Write writes a tree into a directory, which it creates. Files that are there already are replaced.
func Write(dir string, o Options) (Summary, error) {
	o.Records = cmp.Or(o.Records, 3000)
	o.Sentences = cmp.Or(o.Sentences, 1)
	// The records lie in the nine months before.
	until := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	w := &writer{dir: dir, rng: rand.New(rand.NewPCG(1, 7)), until: until, sentences: o.Sentences, summary: Summary{Agents: map[string]int{}}} //nolint:gosec // a sample, not a secret
	steps := []func() error{
		func() error { return w.specialists(o.Records) },
		func() error { return w.exports(o.Records) },
		w.knowledgeBase,
		w.neighbours,
	}
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
