package jsonimport

import (
	"errors"
	"time"

	"github.com/auren-memory/auren/commands"
)

// run is one import in progress.
type run struct {
	options  Options
	deps     Deps
	tree     *tree
	rejects  *output
	outcomes *output
	agents   map[string]*AgentReport
	report   *Report
	started  time.Time
	total    int64
	checks   []check
}

// item is one record of a batch.
type item struct {
	element element
	file    *FileReport
	outcome Outcome
	// mapped is set if the importer decides the verdict; otherwise outcome has it.
	mapped *mapped
}

// batch is a run of records in file order. Those without a verdict are imported together.
type batch struct {
	items   []item
	records []commands.ImportRecord
	results []commands.ImportResult
	err     error
	// done is closed when results or err are set.
	done chan struct{}
	// size is how many bytes its records take; read is how many bytes of all files had been read when it was full.
	size int
	read int64
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

func (b *batch) add(i item) {
	if i.mapped != nil {
		b.records = append(b.records, i.mapped.record)
	}
	if i.outcome.Verdict == Duplicate {
		i.element.raw = nil
	}
	b.size += len(i.element.raw) + 512
	b.items = append(b.items, i)
}

// reportBatch adds the results of a batch to the report and emits the outcome of each of its records.
func (r *run) reportBatch(b *batch) error {
	imported := 0
	for _, i := range b.items {
		o := i.outcome
		var result commands.ImportResult
		if i.mapped != nil {
			result = b.results[imported]
			imported++
			o.Verdict, o.ID = Verdict(result.Verdict), result.ID
			if result.Err != nil {
				o.Verdict, o.ID, o.Reason = Rejected, i.outcome.ID, result.Err.Error()
			}
		}
		if o.Verdict == Rejected {
			if err := r.rejects.write(rejection{
				File: o.File, Section: o.Section, Index: o.Index, Offset: i.element.offset, Length: i.element.length,
				Reason: o.Reason, Raw: i.element.raw, RawText: string(i.element.raw),
			}); err != nil {
				return err
			}
		}
		r.count(i.file, o)
		if i.mapped != nil && result.Err == nil {
			r.report.SequenceID = max(r.report.SequenceID, result.SequenceID)
			r.expect(i, o.Verdict, result)
		}
		if err := r.outcomes.write(o); err != nil {
			return err
		}
	}
	return errors.Join(r.rejects.flush(), r.outcomes.flush())
}

func (r *run) agent(id string) *AgentReport {
	a := r.agents[id]
	if a == nil {
		a = &AgentReport{AgentID: id}
		r.agents[id] = a
	}
	return a
}

func (r *run) count(file *FileReport, o Outcome) {
	for _, c := range []*Counts{&file.Counts, &r.agent(o.AgentID).Counts, &r.report.Total} {
		c.add(o.Verdict)
	}
	if o.Verdict == Rejected {
		r.report.reject(o.Reason)
	}
	for _, n := range o.Notes {
		if file.Notes == nil {
			file.Notes = map[NoteCode]int{}
		}
		file.Notes[n.Code]++
		r.report.Notes[n.Code]++
	}
}
