// Auren-bench measures AUREN beside what the machine can do, on a private server or an empty database.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/scenario"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone"
)

func main() {
	terminal.Main(func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

// commandLine is the grammar of the command line.
type commandLine struct {
	Scenarios []string   `arg:"" optional:"" name:"scenario" enum:"${scenarios}" help:"Which: ${enum}; default all."`
	Rounds    *int       `placeholder:"N" help:"How often each thing is measured; default 5, with --quick 3."`
	Events    *int       `placeholder:"N" help:"Memories in the largest data set, at least 1,000; default 1,000,000, with --quick 50,000."`
	Quick     bool       `help:"A first impression in a few minutes: fewer rounds, less data, shorter measurements."`
	JSON      bool       `help:"Print a JSON document."`
	DSN       config.DSN `name:"db-dsn" env:"AUREN_DB_DSN" placeholder:"DSN" help:"An empty database to measure on; default: a private server."`
	DataDir   string     `env:"AUREN_DATA_DIR" default:"${data_dir}" placeholder:"DIR" help:"Where the private server has its files while it measures (default ${default})."`
}

// run measures as a command line says and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	line := &commandLine{}
	dataDir, err := standalone.DefaultDataDir()
	return terminal.Program{
		Name: "auren-bench", Grammar: line, Mask: config.MaskSecrets,
		Description: "Measures AUREN beside what the machine can do, on a private server or an empty database (docs/benchmarks.md).",
		Vars:        kong.Vars{"data_dir": dataDir, "scenarios": strings.Join(scenario.Names(), ",")},
		Do: func(ctx context.Context, out, errs *terminal.Screen) error {
			if err != nil {
				return err
			}
			return line.carryOut(ctx, out, errs)
		},
	}.Run(ctx, args, stdout, stderr)
}

func (c *commandLine) carryOut(ctx context.Context, out, errs *terminal.Screen) (err error) {
	chosen, err := c.scenarios()
	if err != nil {
		return terminal.UsageError{Err: err}
	}
	if chosen.Log, err = observe.NewLogger(errs, observe.LogConfig{Level: "warn", Terminal: errs.Colour}); err != nil {
		return err
	}
	remove, err := c.database(ctx, &chosen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	bar := terminal.NewProgress(errs)
	chosen.Progress = func(done, total int, doing string) {
		if room := max(errs.Width-80, 10); len([]rune(doing)) > room {
			doing = string([]rune(doing)[:room-1]) + "…" // a bar wider than the terminal cannot be redrawn
		}
		bar.Move("bench", int64(done), int64(total), int64(done), "measurements; "+doing)
	}
	report, err := scenario.Run(ctx, chosen)
	bar.End(err == nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return out.JSON(report)
	}
	printReport(out, report)
	return nil
}

// scenarios says what to measure.
func (c *commandLine) scenarios() (measure.Config, error) {
	chosen := measure.Config{Scenarios: c.Scenarios, Rounds: 5, Events: 1_000_000, Duration: 2 * time.Second}
	if c.Quick {
		chosen.Rounds, chosen.Events, chosen.Duration = 3, 50_000, 500*time.Millisecond
	}
	if c.Rounds != nil {
		chosen.Rounds = *c.Rounds
	}
	if c.Events != nil {
		chosen.Events = *c.Events
	}
	switch {
	case chosen.Rounds < 1:
		return chosen, fmt.Errorf("--rounds must be at least 1, got %d", chosen.Rounds)
	case chosen.Events < 1000:
		return chosen, fmt.Errorf("--events must be at least 1,000, got %d", chosen.Events)
	}
	return chosen, nil
}

// database says where to measure; remove leaves nothing behind.
func (c *commandLine) database(ctx context.Context, chosen *measure.Config) (remove func() error, err error) {
	if c.DSN != "" {
		chosen.DSN = string(c.DSN)
		if err := world.CheckEmpty(ctx, chosen.DSN, chosen.Log); err != nil {
			return nil, err
		}
		if chosen.Dir, err = os.MkdirTemp("", "auren-bench-"); err != nil {
			return nil, err
		}
		return func() error { return os.RemoveAll(chosen.Dir) }, nil
	}
	private, err := world.StartPrivate(ctx, c.DataDir, chosen.Log)
	if err != nil {
		return nil, err
	}
	chosen.DSN, chosen.Dir, chosen.Private = private.DSN(), private.Dir, true
	return private.Close, nil
}

// printReport prints the figures as tables.
func printReport(s *terminal.Screen, r *measure.Report) {
	for _, line := range r.Describe() {
		s.Printf("%s\n", s.Paint(terminal.Dim, terminal.OneLine(line)))
	}
	s.Printf("%s\n", s.Paint(terminal.Dim, "▁ marks the floors; × compares with the first floor of the case, × 2nd with the second; medians"))
	for _, section := range r.Sections() {
		s.Printf("\n%s\n", s.Paint(terminal.Bold, section.Title))
		rows := make([][]terminal.Cell, len(section.Rows))
		for i, row := range section.Rows {
			as := terminal.Plain
			if i == 0 {
				as = terminal.Dim
			}
			for _, text := range row {
				rows[i] = append(rows[i], terminal.Cell{text, as})
			}
		}
		numbers := map[int]bool{}
		for column := range section.Rows[0] {
			numbers[column] = column >= 2
		}
		s.Table(0, numbers, rows)
	}
}
