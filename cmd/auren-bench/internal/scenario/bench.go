package scenario

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"go.uber.org/zap"
)

// Config says what to measure. DSN and Dir are needed.
type Config struct {
	// DSN of a database that CheckEmpty accepts; whatever is measured writes to it, and it is empty again afterwards.
	DSN string
	// Dir is for what NATS and the importer need, on the disk that is to be measured; it must exist.
	Dir string
	// DiskDir is on the disk of PostgreSQL, to say how long that takes to sync; default not known.
	DiskDir string
	// Scenarios by name; default all.
	Scenarios []string
	// Rounds is how often each side is measured; default 5.
	Rounds int
	// Events is how many memories the largest data set has; default 1,000,000. The others are in proportion.
	Events int
	// Duration is how long a side is measured in a round where the work has no end of its own; default 2 s.
	Duration time.Duration
	// Log receives what an operator should know; default none.
	Log *zap.Logger
	// Progress is told, from one goroutine, how many of all measurements are done and what is being done; default
	// nobody.
	Progress func(done, total int, doing string)
}

func (c Config) withDefaults() Config {
	c.Rounds = cmp.Or(c.Rounds, 5)
	c.Events = cmp.Or(c.Events, 1_000_000)
	c.Duration = cmp.Or(c.Duration, 2*time.Second)
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Progress == nil {
		c.Progress = func(int, int, string) {}
	}
	return c
}

// Report is what was measured, and on what.
type Report struct {
	Machine Machine `json:"machine"`
	// LoadBefore and LoadAfter are the load averages of one minute: what else went on.
	LoadBefore float64   `json:"load_before"`
	LoadAfter  float64   `json:"load_after"`
	StartedAt  time.Time `json:"started_at"`
	// TookSeconds is how long everything took.
	TookSeconds float64 `json:"took_seconds"`
	Rounds      int     `json:"rounds"`
	Events      int     `json:"events"`
	// DurationMS is Config.Duration in milliseconds.
	DurationMS int64    `json:"duration_ms"`
	Results    []Result `json:"results"`
}

// scenario is one thing to measure, in a world of its own.
type scenario struct {
	name string
	// measurements is how many a round has: of each case each side.
	measurements int
	run          func(ctx context.Context, b *run) ([]Result, error)
}

func scenarios() []scenario {
	return []scenario{
		{"append", len(appendClients)*appendSides + len(appendServers), benchAppend},
		{"project", 4, benchProject},
		{"search", len(searchShares) * len(searchQuestions) * 2, benchSearch},
		{"reads", 6, benchReads},
		{"freshness", 3, benchFreshness},
		{"import", 2 * len(importSentences), benchImport},
		{"rebuild", 5, benchRebuild},
		{"fanout", 2, benchFanout},
	}
}

// Names lists the scenarios in the order in which they run.
func Names() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

// Run measures. The database must be one that CheckEmpty accepts, and is empty again when Run returns, whatever it
// returns; only a process that is killed leaves something behind, in that database and in Config.Dir.
func Run(ctx context.Context, config Config) (report *Report, err error) {
	b := &run{Config: config.withDefaults()}
	var chosen []scenario
	for _, s := range scenarios() {
		if len(b.Scenarios) == 0 || slices.Contains(b.Scenarios, s.name) {
			chosen = append(chosen, s)
			b.total += s.measurements * b.Rounds
		}
	}
	report = &Report{
		LoadBefore: loadAverage(), StartedAt: time.Now().UTC(),
		Rounds: b.Rounds, Events: b.Events, DurationMS: b.Duration.Milliseconds(),
	}
	if report.Machine, err = describe(ctx, b.Config); err != nil {
		return nil, err
	}
	for _, s := range chosen {
		b.scenario = s.name
		results, err := b.inWorld(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		report.Results = append(report.Results, results...)
	}
	report.LoadAfter, report.TookSeconds = loadAverage(), time.Since(report.StartedAt).Seconds()
	return report, nil
}

// run is one Run under way.
type run struct {
	Config
	*world
	scenario    string
	done, total int
}

// inWorld runs a scenario in an empty schema and leaves an empty one behind.
func (b *run) inWorld(ctx context.Context, s scenario) (results []Result, err error) {
	b.say("preparing")
	if b.world, err = openWorld(ctx, b.Config); err != nil {
		return nil, err
	}
	defer func() {
		// Also where ctx has ended: the database is not ours to leave full.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if closeErr := b.close(closing); err == nil {
			err = closeErr
		}
	}()
	return s.run(ctx, b)
}

func (b *run) say(doing string) { b.Progress(b.done, b.total, b.scenario+": "+doing) }

// side is one of the things that a case compares.
type side struct {
	name    string
	unit    string
	floor   bool
	measure func(ctx context.Context) (measured, error)
}

// compare measures the sides of a case, every round in the opposite order of the one before.
func (b *run) compare(ctx context.Context, c Result, sides ...side) (Result, error) {
	c.Scenario = b.scenario
	all := make([]figures, len(sides))
	for round := range b.Rounds {
		for n := range sides {
			i := n
			if round%2 == 1 {
				i = len(sides) - 1 - n
			}
			b.say(c.Case + ", " + sides[i].name)
			runtime.GC() // what one side leaves behind is not to slow the next
			m, err := sides[i].measure(ctx)
			if err != nil {
				return Result{}, fmt.Errorf("%s, %s: %w", c.Case, sides[i].name, err)
			}
			all[i].add(m)
			b.done++
		}
	}
	b.say(c.Case)
	return c.summarize(sides, all), nil
}
