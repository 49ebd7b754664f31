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

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Progress == nil {
		c.Progress = func(int, int, string) {}
	}
	return c
}

// Session is one run under way, over all scenarios.
type Session struct {
	Config
	Scenario    string
	done, Total int
}

// NewSession begins one.
func NewSession(config Config) *Session { return &Session{Config: config.withDefaults()} }

// Say tells Progress what is being done.
func (b *Session) Say(doing string) { b.Progress(b.done, b.Total, b.Scenario+": "+doing) }

// Compare measures the sides of a case, every round in the opposite order of the one before.
func (b *Session) Compare(ctx context.Context, c Result, sides ...Task) (Result, error) {
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
				return Result{}, fmt.Errorf("%s, %s: %w", c.Case, sides[i].name, err)
			}
			all[i].add(m)
			b.done++
		}
	}
	b.Say(c.Case)
	return c.summarize(sides, all), nil
}
