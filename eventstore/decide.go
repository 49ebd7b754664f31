package eventstore

import (
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// found is what a transaction sees once it holds the lock of the log, or is foreseen to see.
type found struct {
	head  Head
	epoch int64 // moved by what one who decides without the lock must not overlook
	now   time.Time
	// locked says that the lock is held, under which head, epoch and now were read.
	locked bool

	streams  map[uuid.UUID]streamHead
	commands map[string]recorded
	// foreseen says that streams and commands are what they must be for the batch to be written as it is, and were not read.
	foreseen bool
	// The streams, with their versions, that are only foreseen to be there.
	foreseenStreams  []uuid.UUID
	foreseenVersions []int
}

// streamHead is where a stream stands; the zero value is a stream that does not exist.
type streamHead struct {
	version    int
	sequenceID int64
	eventID    uuid.UUID
}

// recorded is a command id that was seen before, with its first outcome.
type recorded struct {
	fingerprint []byte // or the beginning of it
	outcome     Outcome
}

// decision turns what was found, and the commands of a batch one after the other, into what to write. Each
// command sees what the ones before it in the batch will have done.
type decision struct {
	tenant domain.Tenant
	// before is the head that the events follow, epochBefore the epoch then.
	before      Head
	epochBefore int64
	found       found
	events      []Event
	commands    []commandRow
	// told holds the ids of the commands that are recorded by their event.
	told []string
	// refused says that something is not written. Where only foreseen, a reason to refuse it is not known to be true.
	refused bool
	chain   chain
}

// commandRow is a command as it is recorded whose outcome is not told by one event.
type commandRow struct {
	id          string
	fingerprint Hash
	outcome     []byte
}

func (s *Store) decideAll(tenant domain.Tenant, f found, batch []*request) *decision {
	if f.now.Before(f.head.CreatedAt) {
		f.now = f.head.CreatedAt
	}
	count := 0
	for _, r := range batch {
		count += r.count
	}
	d := &decision{tenant: tenant, before: f.head, epochBefore: f.epoch, found: f, events: make([]Event, 0, count), chain: s.newChain(f.now)}
	for _, r := range batch {
		d.decide(r)
	}
	return d
}

func (d *decision) decide(r *request) {
	r.result, r.err = Result{}, nil
	c := &r.command
	if before, ok := d.found.commands[c.ID]; ok && c.ID != "" {
		d.refused = true
		if !c.Fingerprint.beginsWith(before.fingerprint) {
			r.err = ErrReused
			return
		}
		r.result = Result{Duplicate: true, Outcome: before.outcome}
		return
	}
	conflicts, mark := 0, r.mark
	r.result.Note = c.Note
	for i, w := range c.Writes {
		result := d.write(w, r.events[i], &mark)
		if result.Conflict != nil {
			conflicts++
			d.refused = true
		}
		r.result.Writes = append(r.result.Writes, result)
	}
	if c.ID == "" || conflicts > 0 && conflicts == len(c.Writes) {
		return
	}
	d.record(r)
}

// write decides one write. The first event that is written of a command with an id takes the mark.
func (d *decision) write(w Write, events []Event, mark *uuid.UUID) WriteResult {
	at := d.found.streams[w.StreamID]
	if w.Expected != Any && w.Expected != at.version {
		return WriteResult{
			StreamID: w.StreamID, Version: at.version, SequenceID: at.sequenceID, EventID: at.eventID,
			Conflict: &domain.VersionConflictError{Stream: w.StreamID.String(), Expected: w.Expected, Actual: at.version},
		}
	}
	for _, e := range events {
		if *mark != uuid.Nil {
			e.ID, *mark = *mark, uuid.Nil
		}
		d.found.head.SequenceID++
		at = streamHead{version: at.version + 1, sequenceID: d.found.head.SequenceID, eventID: e.ID}
		e.SequenceID, e.Version, e.CreatedAt = at.sequenceID, at.version, d.found.now
		e.Hash = d.chain(d.found.head.Hash, &e)
		d.found.head.Hash, d.found.head.CreatedAt = e.Hash, e.CreatedAt
		d.events = append(d.events, e)
	}
	d.found.streams[w.StreamID] = at
	return WriteResult{StreamID: w.StreamID, Version: at.version, SequenceID: at.sequenceID, EventID: at.eventID}
}

func (d *decision) record(r *request) {
	c := &r.command
	seen := recorded{fingerprint: c.Fingerprint[:], outcome: r.result.Outcome}
	if r.told {
		seen.fingerprint = seen.fingerprint[:keptOfFingerprint]
		d.told = append(d.told, c.ID)
	} else {
		d.found.epoch++
		d.commands = append(d.commands, commandRow{id: c.ID, fingerprint: c.Fingerprint, outcome: r.result.encode()})
	}
	d.found.commands[c.ID] = seen
}

// nothing tells that there is nothing to write: only duplicates, conflicts and unrecorded assertions.
func (d *decision) nothing() bool { return len(d.events) == 0 && len(d.commands) == 0 }
