package search

import (
	"hash/fnv"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/rows"
)

// change is an event that may begin or end a document.
type change struct {
	stored *eventstore.Event
	event  memory.Event // nil: skipped
	text   *text        // nil: unchanged
}

// text is what a document is of.
type text struct {
	told    int64 // the sequence_id of its event; 0 for none
	session int64
	length  int
	terms   posting.Document
}

const (
	// maxWorkers bounds the goroutines that analyze the texts of one batch.
	maxWorkers = 4
	// readAtOnce is how many events a worker reads at a time.
	readAtOnce = 50
)

// read decodes the events, in parallel if there are many, and returns those that concern the index.
func read(words *lexicon.Analyzer, events []eventstore.Event) ([]change, error) {
	all := make([]change, len(events))
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), maxWorkers))
	for from := 0; from < len(events); from += readAtOnce {
		to := min(from+readAtOnce, len(events))
		group.Go(func() error {
			for i := from; i < to; i++ {
				var err error
				if all[i], err = readOne(words, &events[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	changes := all[:0]
	for _, c := range all {
		switch c.event.(type) {
		case memory.ConfidenceAdjusted, memory.EvidenceRecorded:
		default:
			changes = append(changes, c)
		}
	}
	return changes, nil
}

func readOne(words *lexicon.Analyzer, stored *eventstore.Event) (change, error) {
	event, err := rows.Decode(stored)
	return change{stored: stored, event: event, text: newText(words, stored, event)}, err
}

// newText returns the text of an event; nil if it has none.
func newText(words *lexicon.Analyzer, stored *eventstore.Event, event memory.Event) *text {
	var t lexicon.Text
	switch e := event.(type) {
	case memory.Remembered:
		t = lexicon.Text{Type: e.Type, Content: e.Content, Metadata: e.Metadata, At: stored.OccurredAt}
	case memory.Revised:
		t = lexicon.Text{Type: e.Type, Content: e.Content, Metadata: e.Metadata, At: stored.OccurredAt}
	default:
		return nil
	}
	d := words.Document(t)
	return &text{told: stored.SequenceID, session: session(t.Metadata), length: d.Length, terms: posting.NewDocument(d.Terms)}
}

// session returns a hash of what tells sessions apart; 0 if the metadata name no session.
func session(metadata canonjson.Value) int64 {
	for _, name := range []string{"session", "session_id", "thread_id", "conversation_id", "run_id"} {
		if value := metadata.Member(name); !value.IsZero() && !value.IsNull() {
			h := fnv.New64a()
			_, _ = h.Write(value.Raw()) // never fails
			return int64(h.Sum64() | 1) //nolint:gosec // any 64 bits
		}
	}
	return 0
}
