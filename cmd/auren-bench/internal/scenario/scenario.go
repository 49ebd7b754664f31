// Package scenario holds what is measured, a file each: what is done to a world, and the floors beside it.
package scenario

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
)

func scenarios() []scenario {
	return []scenario{
		{"append", len(appendClients)*appendSides + len(appendServers), benchAppend},
		{"project", 4, benchProject},
		{"search", len(searchShares) * len(searchQuestions) * 2, benchSearch},
		{"filters", 2 * len(filterNumbers) * len(filterConditions) * 2, benchFilters},
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
func Run(ctx context.Context, config measure.Config) (report *measure.Report, err error) {
	b := &run{Session: measure.NewSession(config)}
	var chosen []scenario
	for _, s := range scenarios() {
		if len(b.Scenarios) == 0 || slices.Contains(b.Scenarios, s.name) {
			chosen = append(chosen, s)
			b.Total += s.measurements * b.Rounds
		}
	}
	report = &measure.Report{
		LoadBefore: measure.LoadAverage(), StartedAt: time.Now().UTC(),
		Rounds: b.Rounds, Events: b.Events, DurationMS: b.Duration.Milliseconds(),
	}
	if report.Machine, err = measure.Describe(ctx, b.DSN, b.Private); err != nil {
		return nil, err
	}
	for _, s := range chosen {
		b.Scenario = s.name
		if err := b.inWorld(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	report.Results = b.Results
	report.LoadAfter, report.TookSeconds = measure.LoadAverage(), time.Since(report.StartedAt).Seconds()
	return report, nil
}
