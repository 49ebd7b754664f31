package writer

import (
	"crypto/hmac"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/contents"
)

// logState is where a log is, as far as a batch is concerned: read under the lock, or assumed.
type logState struct {
	head  eventstore.Head
	epoch int64
	// now is the database's clock.
	now time.Time
	// secret of the tenant; not assumed.
	secret []byte

	streams  map[uuid.UUID]streamHead
	commands map[string]recorded
	// imported are the records that streams were made from.
	imported map[eventstore.Hash]bool

	// assumed says that nothing of this was read. It is then a condition of the insert, for which these are the streams that
	// the batch continues, with their versions and categories, and the commands that its events record.
	assumed           bool
	assumedStreams    []uuid.UUID
	assumedVersions   []int
	assumedCategories []string
	assumedNew        []string
}

// streamHead is the last event of a stream; the zero value is a stream that does not exist. Of an assumed stream only version
// and category are known.
type streamHead struct {
	version    int
	category   string
	sequenceID int64
	eventID    uuid.UUID
	salt       []byte // nil if it was erased
}

// recorded is a command whose id was used.
type recorded struct {
	// fingerprint is keyed by key, which is nil once an event that the command concerned was erased.
	fingerprint, key []byte
	outcome          eventstore.Outcome
}

// isOf tells whether a fingerprint is that of the command. Where that cannot be known any more, its id alone tells.
func (r *recorded) isOf(fingerprint eventstore.Hash) bool {
	return r.key == nil || hmac.Equal(r.fingerprint, contents.Keyed(r.key, fingerprint))
}

// decision turns the state of a log, and the commands of a batch one after the other, into what to write. Each command sees
// what the ones before it in the batch will have done.
type decision struct {
	tenant domain.Tenant
	// before is the head that the events follow.
	before eventstore.Head
	// after is the state that the decision leaves.
	after    logState
	events   []saltedEvent
	commands []commandRow
	imports  []importRow
	// refused says that something is not written: a duplicate, a conflict, a reused id.
	refused bool
	chain   chain
}

// commandRow is a row of table commands.
type commandRow struct {
	id          string
	sequenceIDs []int64
	fingerprint []byte
	outcome     []byte
}

// importRow is a row of table imported.
type importRow struct {
	record eventstore.Hash
	stream uuid.UUID
}

// decideAll decides a batch. It changes the maps of state.
func decideAll(tenant domain.Tenant, state logState, batch []*request, chain chain) *decision {
	// The clock may have been set back since the last append, or another server may have a slower one.
	if state.now.Before(state.head.CreatedAt) {
		state.now = state.head.CreatedAt
	}
	count := 0
	for _, r := range batch {
		count += r.count
	}
	d := &decision{tenant: tenant, before: state.head, after: state, events: make([]saltedEvent, 0, count), chain: chain}
	for _, r := range batch {
		d.decide(r)
	}
	return d
}

func (d *decision) decide(r *request) {
	// A batch may be decided twice, first on assumptions.
	r.result, r.err = eventstore.Result{}, nil
	c := &r.command
	if before, ok := d.after.commands[c.ID]; ok && c.ID != "" {
		d.refused = true
		if !before.isOf(c.Fingerprint) {
			r.err = eventstore.ErrReused
			return
		}
		r.result = eventstore.Result{Duplicate: true, Outcome: before.outcome}
		return
	}
	if r.err = d.checkCategories(c.Writes); r.err != nil {
		d.refused = true
		return
	}
	for _, w := range c.Writes {
		if d.after.imported[w.Record] {
			d.refused = true
			r.err = eventstore.ErrImported
			return
		}
	}
	first, conflicts := len(d.events), 0
	var kept []streamHead
	r.result.Note = c.Note
	for i, w := range c.Writes {
		result := d.write(w, r.events[i])
		if result.Conflict != nil {
			conflicts++
			d.refused = true
		}
		if (result.Conflict != nil || len(r.events[i]) == 0) && result.Version > 0 {
			kept = append(kept, d.after.streams[w.StreamID])
		}
		r.result.Writes = append(r.result.Writes, result)
	}
	// A command all of whose writes conflicted is not recorded, so that it can be tried again.
	if c.ID == "" || conflicts > 0 && conflicts == len(c.Writes) {
		return
	}
	if r.recordedByEvent {
		e := &d.events[first]
		e.fingerprint = contents.Keyed(e.salt[:], c.Fingerprint)
		d.after.commands[c.ID] = recorded{fingerprint: e.fingerprint, key: e.salt[:], outcome: r.result.Outcome}
		return
	}
	d.record(r, d.events[first:], kept)
}

// checkCategories returns an error if a write that does not conflict would change the category of its stream.
func (d *decision) checkCategories(writes []eventstore.StreamAppend) error {
	for _, w := range writes {
		at := d.after.streams[w.StreamID]
		conflicts := w.Expected != eventstore.Any && w.Expected != at.version
		if at.version > 0 && len(w.Events) > 0 && at.category != w.Category && !conflicts {
			return domain.Invalidf("category", "must be %q, that of stream %s, got %q", at.category, w.StreamID, w.Category)
		}
	}
	return nil
}

// write decides one write.
func (d *decision) write(w eventstore.StreamAppend, events []saltedEvent) eventstore.WriteResult {
	at := d.after.streams[w.StreamID]
	if w.Expected != eventstore.Any && w.Expected != at.version {
		return eventstore.WriteResult{
			StreamID: w.StreamID, Version: at.version, SequenceID: at.sequenceID, EventID: at.eventID,
			Conflict: &domain.VersionConflictError{Stream: w.StreamID.String(), Expected: w.Expected, Actual: at.version},
		}
	}
	head := &d.after.head
	for _, e := range events {
		head.SequenceID++
		e.SequenceID, e.Version, e.CreatedAt = head.SequenceID, at.version+1, d.after.now
		e.Hash = d.chain(head.Hash, &e.Event)
		head.Hash, head.CreatedAt = e.Hash, e.CreatedAt
		d.events = append(d.events, e)
		at = streamHead{version: e.Version, category: e.Category, sequenceID: e.SequenceID, eventID: e.ID, salt: e.salt[:]}
	}
	d.after.streams[w.StreamID] = at
	if w.Record != (eventstore.Hash{}) {
		d.imports = append(d.imports, importRow{w.Record, w.StreamID})
		d.after.imported[w.Record] = true
	}
	return eventstore.WriteResult{StreamID: w.StreamID, Version: at.version, SequenceID: at.sequenceID, EventID: at.eventID}
}

// record records, by a row, a command that appended events and kept other streams as they are, since it asserted their version or
// conflicted with it. Its fingerprint covers what was said, perhaps to all of these streams, so it is keyed by the salts of all: none
// can be erased without it. Where there are none, the key is the tenant's secret, and trigger contents_erased empties the fingerprint.
func (d *decision) record(r *request, appended []saltedEvent, kept []streamHead) {
	row := commandRow{id: r.command.ID, outcome: encodeOutcome(&r.result.Outcome)}
	key := make([]byte, 0, len(contents.Salt{})*(len(appended)+len(kept)))
	for i := range appended {
		row.sequenceIDs = append(row.sequenceIDs, appended[i].SequenceID)
		key = append(key, appended[i].salt[:]...)
	}
	erased := false
	for _, at := range kept {
		row.sequenceIDs = append(row.sequenceIDs, at.sequenceID)
		key = append(key, at.salt...)
		erased = erased || at.salt == nil
	}
	switch {
	case erased:
		key = nil
	case len(row.sequenceIDs) == 0:
		key = d.after.secret
	}
	if key != nil {
		row.fingerprint = contents.Keyed(key, r.command.Fingerprint)
	} else {
		row.fingerprint = []byte{}
	}
	d.commands = append(d.commands, row)
	d.after.commands[r.command.ID] = recorded{fingerprint: row.fingerprint, key: key, outcome: r.result.Outcome}
}

func encodeOutcome(o *eventstore.Outcome) []byte {
	raw, err := json.Marshal(o)
	if err != nil {
		panic("writer: an outcome cannot be encoded: " + err.Error())
	}
	return raw
}

// nothing tells that there is nothing to write: only duplicates, conflicts and unrecorded assertions.
func (d *decision) nothing() bool { return len(d.events) == 0 && len(d.commands) == 0 }
