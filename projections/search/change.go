package search

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// change is one event, decoded, with the document of the text that it carries, if it carries one.
type change struct {
	stored   *eventstore.Event
	event    memory.Event
	document *document
}

// readAtOnce is how many events a worker takes at a time.
const readAtOnce = 50

// read makes changes of events, in parallel where there are many.
func (p *Projection) read(events []eventstore.Event) ([]change, error) {
	changes := make([]change, len(events))
	var group errgroup.Group
	group.SetLimit(p.workers)
	for from := 0; from < len(events); from += readAtOnce {
		to := min(from+readAtOnce, len(events))
		group.Go(func() error {
			for i := from; i < to; i++ {
				var err error
				if changes[i], err = p.readOne(&events[i]); err != nil {
					return &projections.PoisonError{SequenceID: events[i].SequenceID, Err: err}
				}
			}
			return nil
		})
	}
	return changes, group.Wait()
}

func (p *Projection) readOne(stored *eventstore.Event) (change, error) {
	event, err := memory.Decode(stored.Type, stored.SchemaVersion, stored.Payload)
	if err != nil {
		return change{}, err
	}
	c := change{stored: stored, event: event}
	var found []lexicon.Occurrence
	switch e := event.(type) {
	case memory.Remembered:
		found, err = p.occurrences(e.Type, e.Content, e.Metadata)
	case memory.Revised:
		found, err = p.occurrences(e.Type, e.Content, e.Metadata)
	case memory.Skipped:
		if stored.Version > 1 {
			return c, nil
		}
		// A row needs a vector, even that of a memory whose first event is skipped.
	default:
		return c, nil
	}
	if err != nil {
		return change{}, err
	}
	d := newDocument(found)
	c.document = &d
	return c, nil
}

// occurrences finds the lexemes of what of a memory is indexed.
func (p *Projection) occurrences(memoryType string, content, metadata json.RawMessage) ([]lexicon.Occurrence, error) {
	// One word in two or three, and its space, are about so many bytes.
	found := make([]lexicon.Occurrence, 0, (len(content)+len(metadata))/8+1)
	position := 0
	err := eachWord(memoryType, content, metadata, func(word string) {
		position++
		found = p.lexicon.Append(found, word, position)
	})
	return found, err
}

// fold brings the rows up to date.
func fold(current map[uuid.UUID]*row, changes []change) error {
	for _, r := range current {
		r.State = memory.Forgotten
		if r.active {
			r.State, r.countedMemories, r.countedWords = memory.Active, 1, r.words
		}
	}
	for _, c := range changes {
		r := current[c.stored.StreamID]
		if r == nil && c.stored.Version > 1 {
			return &projections.PoisonError{SequenceID: c.stored.SequenceID,
				Err: fmt.Errorf("version %d of memory %s follows no other", c.stored.Version, c.stored.StreamID)}
		}
		if r == nil {
			r = &row{opened: true}
			current[c.stored.StreamID] = r
		}
		// The aggregate's own Apply decides what an event means; of the result, the row keeps what it has columns for.
		m := memory.FromSnapshot(r.Snapshot)
		m.Apply(c.stored.StreamID, c.event, c.stored.OccurredAt)
		r.Snapshot, r.sequenceID = m.Snapshot(), c.stored.SequenceID
		r.active = r.State == memory.Active
		if c.document != nil {
			r.words, r.vector = c.document.words, c.document.vector
		}
	}
	return nil
}
