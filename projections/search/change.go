package search

import (
	"fmt"
	"runtime"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rows"
)

// change is one decoded event, with the document of its text if it has one.
type change struct {
	stored   *eventstore.Event
	event    memory.Event // nil: skipped
	document *document
}

// maxWorkers bounds the goroutines that make the vectors of one batch.
const maxWorkers = 4

// readAtOnce is how many events a worker reads at a time.
const readAtOnce = 50

// read decodes events into changes, in parallel if there are many.
func read(words *lexicon.Analyzer, events []eventstore.Event) ([]change, error) {
	changes := make([]change, len(events))
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), maxWorkers))
	for from := 0; from < len(events); from += readAtOnce {
		to := min(from+readAtOnce, len(events))
		group.Go(func() error {
			for i := from; i < to; i++ {
				var err error
				if changes[i], err = readOne(words, &events[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return changes, group.Wait()
}

func readOne(words *lexicon.Analyzer, stored *eventstore.Event) (change, error) {
	event, err := rows.Decode(stored)
	if err != nil {
		return change{}, err
	}
	c := change{stored: stored, event: event}
	var found []lexicon.Occurrence
	switch e := event.(type) {
	case memory.Remembered:
		found = occurrences(words, e.Type, e.Content, e.Metadata)
	case memory.Revised:
		found = occurrences(words, e.Type, e.Content, e.Metadata)
	default:
		if stored.Version > 1 {
			return c, nil
		}
		// Every row needs a vector, also that of a memory whose first event is skipped.
	}
	d := newDocument(found)
	c.document = &d
	return c, nil
}

// occurrences returns the lexemes of a memory's indexed text.
func occurrences(words *lexicon.Analyzer, memoryType string, content, metadata canonjson.Value) []lexicon.Occurrence {
	// About one lexeme for every 8 bytes of text: stop words have none.
	found := make([]lexicon.Occurrence, 0, (len(content.Raw())+len(metadata.Raw()))/8+1)
	position := 0
	eachWord(memoryType, content, metadata, func(word string) {
		position++
		found = words.Append(found, word, position)
	})
	return found
}

// fold applies the changes to the rows.
func fold(current map[uuid.UUID]*row, changes []change) error {
	for _, r := range current {
		r.State = memory.StateForgotten
		if r.active {
			r.State, r.countedMemories, r.countedWords = memory.StateActive, 1, r.words
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
		r.Snapshot, r.sequenceID = rows.Apply(r.Snapshot, c.stored, c.event), c.stored.SequenceID
		r.active = r.State == memory.StateActive
		if c.document != nil {
			r.words, r.vector = c.document.words, c.document.vector
		}
	}
	return nil
}
