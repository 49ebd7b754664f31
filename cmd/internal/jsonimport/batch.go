package jsonimport

import (
	"errors"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/queries"
)

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
			if err := r.expect(i, o.Verdict, result); err != nil {
				return err
			}
		}
		if err := r.outcomes.write(o); err != nil {
			return err
		}
		if r.deps.Outcome != nil {
			if err := r.deps.Outcome(o); err != nil {
				return err
			}
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

// expect records what an imported record must look like in the projection.
func (r *run) expect(i item, v Verdict, result commands.ImportResult) error {
	if r.options.DryRun || r.deps.Current == nil || v == Kept {
		return nil
	}
	m := i.mapped
	s := scope{created: v == Added, file: v != Unchanged, confidence: v != Unchanged || !m.inherited}
	state := queries.StateActive
	if m.record.Forgotten {
		state = queries.StateForgotten
	}
	hash, err := s.fingerprint(queries.Memory{
		ID: result.ID, AgentID: m.memory.AgentID, UserID: m.memory.UserID, Type: m.memory.Type,
		Content: m.memory.Content.Raw(), Confidence: m.memory.Confidence, Metadata: m.memory.Metadata.Raw(),
		ExpiresAt: m.memory.ExpiresAt, State: state, CreatedAt: m.record.OccurredAt,
	})
	if err != nil {
		return err
	}
	r.checks = append(r.checks, check{id: result.ID, hash: hash, version: result.Version, file: i.file,
		size: len(m.memory.Content.Raw()) + len(m.memory.Metadata.Raw()), agent: r.agent(m.memory.AgentID), scope: s})
	return nil
}
