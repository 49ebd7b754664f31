// Package measure measures AUREN beside what the machine can do at best, and beside the naive way.
//
// A scenario has cases, and a case has sides: the floors, which are the bare work done without AUREN, and what is
// measured against them. A round measures each side of a case once, one right after the other, and the next round
// does so in the opposite order, so that a machine that slows down or speeds up meets all sides alike. A ratio is taken within a
// round; what is reported is the median of the rounds, with the least and the most.
//
// Each scenario begins with an empty schema and leaves an empty one behind.
package measure

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"go.uber.org/zap"
)

// Config says what to measure. DSN, Dir, Rounds, Events and Duration are needed.
type Config struct {
	// DSN of a database that CheckEmpty accepts; whatever is measured writes to it, and it is empty again afterwards.
	DSN string
	// Dir is for what NATS and the importer need, on the disk that is to be measured; it must exist.
	Dir string
	// Private says that PostgreSQL runs on the same machine, for the benchmark alone.
	Private bool
	// Scenarios by name; default all.
	Scenarios []string
	// Rounds is how often each side is measured.
	Rounds int
	// Events is how many memories the largest data set has. The others are in proportion.
	Events int
	// Duration is how long a side is measured in a round where the work has no end of its own.
	Duration time.Duration
	// Log receives what an operator should know; default none.
	Log *zap.Logger
	// Progress is told, from one goroutine, how many of all measurements are done and what is being done; default
	// nobody.
	Progress func(done, total int, doing string)
}

// Session is one run under way, over all scenarios.
type Session struct {
	Config
	Scenario    string
	Results     []Result
	done, Total int
}

// NewSession begins one.
func NewSession(config Config) *Session {
	if config.Log == nil {
		config.Log = zap.NewNop()
	}
	if config.Progress == nil {
		config.Progress = func(int, int, string) {}
	}
	return &Session{Config: config}
}

// Say tells Progress what is being done.
func (b *Session) Say(doing string) { b.Progress(b.done, b.Total, b.Scenario+": "+doing) }

// Compare adds the result of a case, whose sides it measures: every round in the opposite order of the one before.
func (b *Session) Compare(ctx context.Context, c Result, sides ...Task) error {
	c.Scenario = b.Scenario
	all := make([]figures, len(sides))
	for round := range b.Rounds {
		for n := range sides {
			i := n
			if round%2 == 1 {
				i = len(sides) - 1 - n
			}
			b.Say(c.Case + ", " + sides[i].name)
			runtime.GC() // what one side leaves behind is not to slow the next
			m, err := sides[i].measure(ctx)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", c.Case, sides[i].name, err)
			}
			all[i].add(m)
			b.done++
		}
	}
	b.Say(c.Case)
	b.Results = append(b.Results, c.summarize(sides, all))
	return nil
}
