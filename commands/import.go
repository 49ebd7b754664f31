package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// ImportRecord is a record of another system as the memory it becomes.
type ImportRecord struct {
	// ID is derived from the record, so that the same record is the same memory whenever it is imported.
	ID uuid.UUID
	// Draft is the memory as the record has it.
	Draft memory.Draft
	// OccurredAt is when the record says it was made.
	OccurredAt time.Time
	// Forgotten imports the memory and forgets it.
	Forgotten bool
	// Digest tells whether the record has changed since it was imported last.
	Digest eventstore.Hash
}

// ImportVerdict says what an import did with a record.
type ImportVerdict string

// The verdicts.
const (
	// ImportAdded is a new memory.
	ImportAdded ImportVerdict = "added"
	// ImportChanged is a memory that was brought up to a changed record.
	ImportChanged ImportVerdict = "changed"
	// ImportUnchanged is a record that is as it was when it was imported last, whatever became of the memory since.
	ImportUnchanged ImportVerdict = "unchanged"
	// ImportKept is a changed record whose memory was forgotten or has expired here: it is left as it is.
	ImportKept ImportVerdict = "kept"
)

// ImportResult is what became of a record: a verdict, or an error.
type ImportResult struct {
	Verdict ImportVerdict
	// Version and SequenceID are those of the memory after the import; 0 for what a dry run would add.
	Version    int
	SequenceID int64
	// Err is a *domain.Error that names the field, for a record that cannot become a memory.
	Err error
}

// importCause is how the last import of a memory is found again in its stream: each event that an import writes has
// the record's digest as its causation id.
const importCause = "import:"

// Import brings up to MaxMemories records in, in one transaction. A record whose digest is that of the last import
// of its memory is unchanged; a changed record becomes the commands that bring the memory up to it. A dry run
// decides the same and writes nothing. To repeat an import is safe at any point.
func (h *Handler) Import(ctx context.Context, req Request, records []ImportRecord, dryRun bool) (_ []ImportResult, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "import")
	defer func() { end(span, err) }()
	if len(records) > MaxMemories {
		return nil, domain.Invalidf("records", "holds %d; at most %d are allowed", len(records), MaxMemories)
	}
	req, _, err = prepare(Request{Tenant: req.Tenant, Meta: req.Meta}, "import", uuid.Nil, nil)
	if err != nil {
		return nil, err
	}
	// A writer of the same memories may come between reading and appending: then all is decided again.
	for attempt := 1; ; attempt++ {
		results, conflict, err := h.importOnce(ctx, req, records, dryRun)
		if err != nil || !conflict {
			return results, err
		}
		if attempt == h.config.MaxAttempts {
			return nil, domain.Errorf(domain.Unavailable, "the memories being imported are changing all the time; try again")
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

func (h *Handler) importOnce(ctx context.Context, req Request, records []ImportRecord, dryRun bool) (results []ImportResult, conflict bool, err error) {
	ids := make([]uuid.UUID, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	present, err := h.loadAll(ctx, req.Tenant, ids)
	if err != nil {
		return nil, false, err
	}
	results = make([]ImportResult, len(records))
	command := eventstore.Command{Tenant: req.Tenant}
	var written []int
	for i, r := range records {
		write, result := h.importRecord(req, r, present)
		results[i] = result
		if write != nil {
			written = append(written, i)
			command.Writes = append(command.Writes, *write)
		}
	}
	if dryRun || len(written) == 0 {
		return results, false, nil
	}
	appended, err := h.store.Append(ctx, command)
	if err != nil {
		return nil, false, err
	}
	for n, w := range appended.Writes {
		results[written[n]].Version, results[written[n]].SequenceID = w.Version, w.SequenceID
		conflict = conflict || w.Conflict != nil
	}
	return results, conflict, nil
}

// importRecord decides one record and folds what it decided into present, for a later record of the same memory.
func (h *Handler) importRecord(req Request, r ImportRecord, present map[uuid.UUID]loaded) (*eventstore.StreamAppend, ImportResult) {
	req.Meta.CausationID = importCause + r.Digest.String()
	before, exists := present[r.ID]
	if before.unreadable != nil {
		return nil, ImportResult{Err: before.unreadable}
	}
	if !exists {
		before.memory = &memory.Memory{}
	}
	was := before.memory.Snapshot()
	result := ImportResult{Verdict: ImportAdded, Version: was.Version}
	if exists {
		result = ImportResult{Verdict: ImportUnchanged, Version: was.Version, SequenceID: before.last.SequenceID}
		if was.AgentID != r.Draft.AgentID || was.UserID != r.Draft.UserID {
			return nil, ImportResult{Err: domain.Errorf(domain.Conflict,
				"memory %s belongs to agent %q and user %q already", r.ID, was.AgentID, was.UserID)}
		}
		if before.imported == req.Meta.CausationID {
			return nil, result
		}
		if was.StateAt(h.config.Now()) != memory.Active && !r.Forgotten {
			result.Verdict = ImportKept
			return nil, result
		}
	}
	i := importing{memory: before.memory, now: h.config.Now()}
	if err := i.decide(r); err != nil {
		return nil, ImportResult{Err: err}
	}
	if len(i.events) == 0 {
		return nil, result
	}
	if exists {
		result.Verdict = ImportChanged
	}
	w := &eventstore.StreamAppend{StreamID: r.ID, Expected: was.Version, AgentID: r.Draft.AgentID, UserID: r.Draft.UserID}
	for _, event := range i.events {
		e, err := h.newEvent(event, req.Meta, i.occurredAt)
		if err != nil {
			return nil, ImportResult{Err: err}
		}
		w.Events = append(w.Events, e)
	}
	result.Version = i.memory.Version()
	before.imported = req.Meta.CausationID
	present[r.ID] = before
	return w, result
}

// importing collects the events that bring one memory up to a record.
type importing struct {
	memory     *memory.Memory
	now        time.Time
	occurredAt time.Time
	events     []memory.Event
}

func (i *importing) decide(r ImportRecord) error {
	var err error
	if i.occurredAt, err = memory.OccurredAt(r.OccurredAt); err != nil {
		return err
	}
	opening, err := memory.Remember(r.Draft)
	if err != nil {
		return err
	}
	if i.memory.Version() == 0 {
		i.add(r.ID, opening)
		if r.Forgotten {
			i.add(r.ID, memory.MarkedForgotten{})
		}
		return nil
	}
	// The record was checked as a whole above; here only what differs becomes an event.
	i.occurredAt = i.now
	for _, step := range []func() (memory.Event, error){
		func() (memory.Event, error) {
			return i.memory.Revise(memory.Revision{Type: &opening.Type, Content: opening.Content, Metadata: opening.Metadata}, i.now)
		},
		func() (memory.Event, error) { return i.memory.AdjustConfidence(opening.Confidence, i.now) },
		func() (memory.Event, error) { return i.memory.SetExpiry(opening.ExpiresAt, i.now) },
	} {
		if i.memory.Snapshot().StateAt(i.now) != memory.Active {
			return nil
		}
		event, err := step()
		if err != nil {
			return err
		}
		if event != nil {
			i.add(r.ID, event)
		}
	}
	if !r.Forgotten {
		return nil
	}
	event, err := i.memory.Forget(i.now)
	if err == nil && event != nil {
		i.add(r.ID, event)
	}
	return err
}

func (i *importing) add(id uuid.UUID, event memory.Event) {
	i.memory.Apply(id, event, i.occurredAt)
	i.events = append(i.events, event)
}
