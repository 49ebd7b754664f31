package jsonimport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
)

const importAttempts = 5

// Run imports a tree and then verifies what it imported. It always returns a report; with an error, the report covers
// what was done before it. A run can always be repeated: what was imported stays, and the rest is imported. Cancelling
// the context ends the run between two batches.
func Run(ctx context.Context, options Options, deps Deps) (*Report, error) {
	options = options.withDefaults()
	if deps.Progress == nil {
		deps.Progress = func(Progress) {}
	}
	r := &run{options: options, deps: deps, agents: map[string]*AgentReport{}, started: time.Now(), report: &Report{
		Root: options.Root, DryRun: options.DryRun, TimeZone: options.Zone.String(),
		CorrelationID: options.Request.Meta.CorrelationID, Notes: map[NoteCode]int{}, Files: []*FileReport{},
		Reasons: map[string]int{}, Rejects: options.Rejects,
	}}
	err := r.run(ctx)
	r.report.Agents = slices.SortedFunc(maps.Values(r.agents), func(a, b *AgentReport) int { return strings.Compare(a.AgentID, b.AgentID) })
	r.report.Elapsed = time.Since(r.started)
	return r.report, err
}

func (r *run) run(ctx context.Context) (err error) {
	if r.options.BatchRecords > commands.MaxMemories {
		return domain.Invalidf("batch_records", "must be at most %d, got %d", commands.MaxMemories, r.options.BatchRecords)
	}
	if r.tree, err = openTree(r.options.Root); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.tree.close()) }()
	sources, ignored, err := r.tree.walk()
	if err != nil {
		return err
	}
	if err := r.checkOutputs(sources); err != nil {
		return err
	}
	r.report.Ignored = ignored
	for _, s := range sources {
		r.total += s.size
	}
	if r.rejects, err = createOutput("rejects", r.options.Rejects); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.rejects.close()) }()
	if r.outcomes, err = createOutput("outcomes", r.options.Outcomes); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.outcomes.close()) }()
	if err := r.backup(ctx, sources); err != nil {
		return err
	}
	if err := r.importAll(ctx, sources); err != nil {
		return err
	}
	return r.verify(ctx)
}

func (r *run) backup(ctx context.Context, sources []source) error {
	if r.options.Backup == "" || r.options.DryRun {
		return nil
	}
	var err error
	r.report.Backup, err = r.tree.backup(ctx, sources, r.options.Backup, r.started, func(bytes int64) {
		r.deps.Progress(Progress{Phase: PhaseBackup, Bytes: bytes, TotalBytes: r.total})
	})
	return err
}

// importAll reads ahead while up to InFlight batches are being imported and reports their outcomes in the order of the
// records.
func (r *run) importAll(ctx context.Context, sources []source) error {
	g, ctx := errgroup.WithContext(ctx)
	underway := make(chan *batch, r.options.InFlight-1)
	reader := newReader(r, func(b *batch) error {
		select {
		case underway <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		g.Go(func() error {
			defer close(b.done)
			b.err = r.importBatch(ctx, b)
			return b.err
		})
		return nil
	})
	g.Go(func() error {
		defer close(underway)
		return reader.all(ctx, sources)
	})
	g.Go(func() error {
		for b := range underway {
			<-b.done
			if b.err != nil {
				return b.err
			}
			if err := r.reportBatch(b); err != nil {
				return err
			}
			r.deps.Progress(Progress{Phase: PhaseImport, Bytes: b.read, TotalBytes: r.total, Records: r.report.Total.Records})
		}
		return nil
	})
	err := g.Wait()
	r.report.Files = reader.files
	return err
}

// importBatch imports a batch and retries it while the importer is unavailable; repeating a batch is safe.
func (r *run) importBatch(ctx context.Context, b *batch) error {
	if len(b.records) == 0 {
		return nil
	}
	for attempt := 1; ; attempt++ {
		results, err := r.deps.Import(ctx, r.options.Request, b.records, r.options.DryRun)
		if err == nil && len(results) != len(b.records) {
			err = fmt.Errorf("%d results for %d records", len(results), len(b.records))
		}
		if err == nil {
			b.results = results
			failpoint.Reached(failpoint.ImportBatch)
			return nil
		}
		if domain.KindOf(err) != domain.Unavailable || attempt == importAttempts {
			return fmt.Errorf("import %d records starting at %s: %w", len(b.records), b.items[0].outcome.place(), err)
		}
		select {
		case <-time.After(time.Duration(attempt*attempt) * 100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// checkOutputs refuses outputs that would overwrite an input, before anything is read or written.
func (r *run) checkOutputs(sources []source) error {
	o := r.options
	if o.Backup != "" && r.tree.only == "" && within(o.Backup, o.Root) {
		return domain.Invalidf("--backup", "%s lies within %s and would be imported next time; choose another directory", o.Backup, o.Root)
	}
	for _, target := range []struct{ flag, name string }{{"--rejects", o.Rejects}, {"--outcomes", o.Outcomes}} {
		if target.name == "" {
			continue
		}
		if problem := r.unfit(target.name, sources); problem != "" {
			return domain.Invalidf(target.flag, "%s %s; choose another file", target.name, problem)
		}
	}
	if o.Rejects != "" && resolved(o.Rejects) == resolved(o.Outcomes) {
		return domain.Invalidf("--outcomes", "%s is the file of --rejects; choose another file", o.Outcomes)
	}
	return nil
}

// unfit returns why a name cannot be written to; empty if it can.
func (r *run) unfit(name string, sources []source) string {
	if r.tree.only == "" && within(name, r.options.Root) {
		return "lies within " + r.options.Root + ", which is imported"
	}
	link, err := os.Lstat(name)
	if err != nil {
		return "" // it does not exist yet, or creating it returns the error
	}
	file, err := os.Stat(name)
	if err != nil {
		return "is a dangling symbolic link"
	}
	for _, s := range sources {
		if os.SameFile(file, s.info) {
			return "is the same file as " + s.path + ", which is imported"
		}
	}
	for _, input := range r.options.Inputs {
		if info, err := os.Stat(input); err == nil && os.SameFile(file, info) {
			return "is the same file as " + input + ", which is read"
		}
	}
	switch {
	case file.Mode().IsRegular() && link.Mode()&fs.ModeSymlink != 0:
		return "is a symbolic link to a file"
	case !file.Mode().IsRegular() && file.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) == 0:
		return "is not a file"
	}
	return ""
}
