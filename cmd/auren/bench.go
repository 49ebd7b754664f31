package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/auren-memory/auren/cmd/internal/bench"
)

type benchCommand struct {
	Scenarios []string `arg:"" optional:"" name:"scenario" enum:"${scenarios}" help:"Which: ${enum}; default all."`
	Rounds    *int     `placeholder:"N" help:"How often each thing is measured; default 5, with --quick 3."`
	Events    int      `placeholder:"N" help:"Memories in the largest data set, at least 1,000; default 1,000,000, with --quick 50,000."`
	Quick     bool     `help:"A first impression in a few minutes: fewer rounds, less data, shorter measurements."`
	JSON      bool     `help:"Print a JSON document."`
	SVG       string   `name:"svg" placeholder:"FILE" help:"Plot latency against concurrency and size to this file."`
}

// Run measures, on a private server that is removed afterwards or on the empty database that --db-dsn names.
func (c *benchCommand) Run(ctx context.Context, a *app) (err error) {
	config, err := c.config()
	if err != nil {
		return usageError{err}
	}
	config.Log = a.log
	var svg *os.File
	if c.SVG != "" {
		// Found out now rather than after half an hour.
		if svg, err = os.OpenFile(c.SVG, os.O_CREATE|os.O_WRONLY, 0o644); err != nil { //nolint:gosec // a plot is for everyone
			return usageError{fmt.Errorf("--svg: %w", err)}
		}
		defer svg.Close()
	}
	remove, err := a.benchDatabase(ctx, &config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	bar := newProgress(a.stderr, "bench")
	began := time.Now()
	config.Progress = func(done, total int, doing string) {
		if room := max(a.stderr.width-80, 10); len([]rune(doing)) > room {
			doing = string([]rune(doing)[:room-1]) + "…" // a bar that is wider than the screen cannot be drawn anew
		}
		bar.move(int64(done), int64(total), int64(done), "measurements; "+doing, float64(done)/max(time.Since(began).Seconds(), 1e-3))
	}
	report, err := bench.Run(ctx, config)
	bar.end(err == nil)
	if err != nil {
		return err
	}
	if svg != nil {
		if err := errors.Join(svg.Truncate(0), report.WriteSVG(svg)); err != nil {
			return fmt.Errorf("write %s: %w", c.SVG, err)
		}
	}
	if c.JSON {
		return a.stdout.json(report)
	}
	printBench(a.stdout, report)
	return nil
}

func (c *benchCommand) config() (bench.Config, error) {
	config := bench.Config{Scenarios: c.Scenarios, Events: c.Events}
	if c.Rounds != nil {
		config.Rounds = *c.Rounds
	}
	switch {
	case c.Rounds != nil && *c.Rounds < 1:
		return config, fmt.Errorf("--rounds is %d; 1 or more are allowed", *c.Rounds)
	case c.Events < 0 || c.Events > 0 && c.Events < 1000:
		return config, fmt.Errorf("--events is %d; 1,000 or more are allowed", c.Events)
	case c.SVG != "" && len(c.Scenarios) > 0 && !slices.Contains(c.Scenarios, "append") && !slices.Contains(c.Scenarios, "search"):
		return config, fmt.Errorf("--svg: %w", bench.ErrNothingToPlot)
	}
	if !c.Quick {
		return config, nil
	}
	config.Duration = 500 * time.Millisecond
	if config.Rounds == 0 {
		config.Rounds = 3
	}
	if config.Events == 0 {
		config.Events = 50_000
	}
	return config, nil
}

// benchDatabase says where to measure; remove leaves nothing behind.
func (a *app) benchDatabase(ctx context.Context, config *bench.Config) (remove func() error, err error) {
	if a.config.DSN != "" {
		config.DSN = string(a.config.DSN)
		if err := bench.CheckEmpty(ctx, config.DSN, a.log); err != nil {
			return nil, err
		}
		if config.Dir, err = os.MkdirTemp("", "auren-bench-"); err != nil {
			return nil, err
		}
		return func() error { return os.RemoveAll(config.Dir) }, nil
	}
	private, err := bench.StartPrivate(ctx, a.config.DataDir, a.log)
	if err != nil {
		return nil, err
	}
	config.DSN, config.Dir, config.DiskDir = private.DSN(), private.Dir(), private.Dir()
	return private.Close, nil
}

func printBench(s *screen, r *bench.Report) {
	for _, line := range r.Describe() {
		s.printf("%s\n", s.paint(dim, oneLine(line)))
	}
	s.printf("%s\n", s.paint(dim, "▁ marks the floors; × compares with the first floor of the case, × 2nd with the second; medians"))
	for _, section := range r.Sections() {
		s.printf("\n%s\n", s.paint(bold, section.Title))
		rows := make([][]cell, len(section.Rows))
		for i, row := range section.Rows {
			as := plain
			if i == 0 {
				as = dim
			}
			for _, text := range row {
				rows[i] = append(rows[i], cell{text, as})
			}
		}
		numbers := map[int]bool{}
		for column := range section.Rows[0] {
			numbers[column] = column >= 2
		}
		s.table(0, numbers, rows)
	}
}
