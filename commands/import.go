package commands

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// ImportRecord is a record of another system, converted to a memory.
type ImportRecord struct {
	// ID is the memory's; the zero UUID where the record gives none.
	ID uuid.UUID
	// Key finds the memory, which gets a random id, again if ID is zero: a digest, keyed by the tenant's secret, of what
	// identifies the record.
	Key eventstore.Hash
	// Draft is the memory according to the record.
	Draft memory.Draft
	// OccurredAt is when the record was made, according to the record.
	OccurredAt time.Time
	// Forgotten imports the memory and forgets it.
	Forgotten bool
	// Digest tells whether the record has changed since it was imported last.
	Digest eventstore.Hash
}

// ImportVerdict is the outcome of importing a record.
type ImportVerdict string

// The verdicts.
const (
	// ImportAdded is a new memory.
	ImportAdded ImportVerdict = "added"
	// ImportChanged is a memory that was updated from a changed record.
	ImportChanged ImportVerdict = "changed"
	// ImportUnchanged is a record that has not changed since its last import, even if its memory has.
	ImportUnchanged ImportVerdict = "unchanged"
	// ImportKept is a changed record whose memory is forgotten or expired: the memory is not changed.
	ImportKept ImportVerdict = "kept"
)

// ImportResult is the result of importing a record: a verdict, or an error.
type ImportResult struct {
	Verdict ImportVerdict
	// ID is the memory's; the zero UUID for a memory that a dry run would add under a random id.
	ID uuid.UUID
	// Version and SequenceID are those of the memory after the import; 0 for a memory that a dry run would add.
	Version    int
	SequenceID int64
	// Err is a *domain.Error that names the field if the record cannot become a memory.
	Err error
}

// Import imports up to MaxMemories records in one transaction. A record with the digest of its memory's last import is
// unchanged; a changed record becomes the commands that update the memory. A dry run decides the same and writes
// nothing. An import can be repeated safely at any point.
func (h *Handler) Import(ctx context.Context, req Request, records []ImportRecord, dryRun bool) (_ []ImportResult, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "import")
	defer func() { end(span, err) }()
	if len(records) > MaxMemories {
		return nil, domain.Invalidf("records", "must hold at most %d records, got %d", MaxMemories, len(records))
	}
	req.ExpectedVersion, req.Meta.CommandID = 0, ""
	if req, err = req.check(); err != nil {
		return nil, err
	}
	// Another writer may change the memories between reading and appending: then everything is decided again.
	for attempt := 1; ; attempt++ {
		results, conflict, err := h.importOnce(ctx, req, records, dryRun)
		if err != nil || !conflict {
			return results, err
		}
		if attempt == h.config.MaxAttempts {
			return nil, domain.Errorf(domain.Unavailable, "the memories being imported keep changing; try again")
		}
		if err := backOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

func (h *Handler) importOnce(ctx context.Context, req Request, records []ImportRecord, dryRun bool) (results []ImportResult, conflict bool, err error) {
	records, fresh, err := h.findImported(ctx, req.Tenant, records)
	if err != nil {
		return nil, false, err
	}
	var ids []uuid.UUID
	for _, r := range records {
		// No memory has a new id yet.
		if r.ID != fresh[r.Key] {
			ids = append(ids, r.ID)
		}
	}
	present, err := h.loadAll(ctx, req.Tenant, ids)
	if err != nil {
		return nil, false, err
	}
	now := h.config.Now()
	results = make([]ImportResult, len(records))
	command := eventstore.Command{Tenant: req.Tenant}
	var written []int
	for i, r := range records {
		before, exists := present[r.ID]
		if !exists {
			before = loaded{memory: &memory.Memory{}}
		}
		verdict, events, err := decideImport(r, before, now)
		if err != nil {
			results[i].Err = err
			continue
		}
		results[i] = ImportResult{Verdict: verdict, ID: r.ID, Version: before.memory.Version(), SequenceID: before.last.SequenceID}
		if len(events) == 0 {
			continue
		}
		isNew := r.ID == fresh[r.Key]
		if isNew && dryRun {
			results[i].ID = uuid.Nil
		}
		written = append(written, i)
		w := h.importWrite(req, r, before.memory, events, now)
		if isNew && w.Expected == eventstore.None {
			w.Record = r.Key
		}
		command.Writes = append(command.Writes, w)
		// A later record of the batch may belong to the same memory.
		before.imported = r.Digest.String()
		present[r.ID] = before
		results[i].Version = before.memory.Version()
	}
	if dryRun || len(written) == 0 {
		return results, false, nil
	}
	appended, err := h.writer.Append(ctx, command)
	if errors.Is(err, eventstore.ErrImported) {
		return nil, true, nil // another import has made a memory from one of the records
	}
	if err != nil {
		return nil, false, err
	}
	for n, w := range appended.Writes {
		results[written[n]].Version, results[written[n]].SequenceID = w.Version, w.SequenceID
		conflict = conflict || w.Conflict != nil
	}
	return results, conflict, nil
}

// findImported returns the records with the ids of their memories. Those with a Key that no memory is known for get new ids,
// which it returns by their Keys.
func (h *Handler) findImported(ctx context.Context, tenant domain.Tenant, records []ImportRecord) (_ []ImportRecord, fresh map[eventstore.Hash]uuid.UUID, err error) {
	records = slices.Clone(records)
	var sought []*ImportRecord
	var keys [][]byte
	for i := range records {
		if r := &records[i]; r.ID == uuid.Nil && r.Key != (eventstore.Hash{}) {
			sought, keys = append(sought, r), append(keys, r.Key[:])
		}
	}
	if len(keys) == 0 {
		return records, nil, nil
	}
	known, err := h.log.Imported(ctx, tenant, keys)
	if err != nil {
		return nil, nil, err
	}
	fresh = map[eventstore.Hash]uuid.UUID{}
	for _, r := range sought {
		id, ok := known[r.Key]
		if !ok {
			id = h.config.NewID()
			known[r.Key], fresh[r.Key] = id, id
		}
		r.ID = id
	}
	return records, fresh, nil
}

// importWrite makes the append of the decided events, and applies them to the memory.
func (h *Handler) importWrite(req Request, r ImportRecord, m *memory.Memory, events []memory.Event, now time.Time) eventstore.StreamAppend {
	occurredAt := now
	if m.Version() == 0 {
		occurredAt, _ = memory.OccurredAt(r.OccurredAt) // decideImport checked it
	}
	s := m.Snapshot()
	s.ID, s.AgentID, s.UserID = r.ID, r.Draft.AgentID, r.Draft.UserID
	w := h.streamAppend(req, s, occurredAt, events...)
	for i, event := range events {
		w.Events[i].Contents = w.Events[i].Contents.With(importMember, canonjson.Text(r.Digest.String()))
		m.Apply(r.ID, event, occurredAt)
	}
	return w
}

// decideImport decides the verdict and the events for a record, given its memory, which may not exist yet. It changes
// neither.
func decideImport(r ImportRecord, before loaded, now time.Time) (ImportVerdict, []memory.Event, error) {
	if before.unreadable != nil {
		return "", nil, before.unreadable
	}
	if err := checkID(r.ID); err != nil {
		return "", nil, err
	}
	told, err := memory.Remember(r.Draft)
	if err != nil {
		return "", nil, err
	}
	if _, err := memory.OccurredAt(r.OccurredAt); err != nil {
		return "", nil, err
	}
	was := before.memory.Snapshot()
	switch {
	case was.Version == 0 && r.Forgotten:
		return ImportAdded, []memory.Event{told, memory.Forgotten{}}, nil
	case was.Version == 0:
		return ImportAdded, []memory.Event{told}, nil
	case was.AgentID != r.Draft.AgentID || was.UserID != r.Draft.UserID:
		return "", nil, domain.Errorf(domain.Conflict, "memory %s belongs to agent %q and user %q", r.ID, was.AgentID, was.UserID)
	case before.imported == r.Digest.String():
		return ImportUnchanged, nil, nil
	case was.StateAt(now) != memory.StateActive && !r.Forgotten:
		return ImportKept, nil, nil
	}
	events, err := bringUpTo(told.Fields, r.Forgotten, was, now)
	if err != nil || len(events) == 0 {
		return ImportUnchanged, nil, err
	}
	return ImportChanged, events, nil
}

// bringUpTo decides the events that update a memory to a record; equal fields need none. It stops if the memory stops being
// active on the way.
func bringUpTo(f memory.Fields, forgotten bool, was memory.Snapshot, now time.Time) (events []memory.Event, err error) {
	m := memory.FromSnapshot(was)
	steps := []func() (memory.Event, error){
		func() (memory.Event, error) {
			return m.Revise(memory.Revision{
				Type: &f.Type, Content: f.Content, Metadata: f.Metadata, ValidFrom: domain.SetTime(f.ValidFrom), ValidTo: domain.SetTime(f.ValidTo),
			}, now)
		},
		func() (memory.Event, error) { return m.AdjustConfidence(f.Confidence, now) },
		func() (memory.Event, error) { return m.SetExpiry(f.ExpiresAt, now) },
	}
	if forgotten {
		steps = append(steps, func() (memory.Event, error) { return m.Forget(now) })
	}
	for _, decide := range steps {
		if m.Snapshot().StateAt(now) != memory.StateActive {
			break
		}
		event, err := decide()
		if err != nil {
			return nil, err
		}
		if event != nil {
			m.Apply(was.ID, event, now)
			events = append(events, event)
		}
	}
	return events, nil
}
