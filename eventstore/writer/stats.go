package writer

import (
	"errors"
	"time"

	"github.com/auren-memory/auren/eventstore"
)

// Stats tells what became of the commands that one transaction carried.
type Stats struct {
	// Appended commands succeeded; Events is how many events they wrote, possibly none.
	Appended, Events int
	// Duplicates were appended before, Conflicts met another version in at least one of their writes, and Reused
	// came under an id that another command has.
	Duplicates, Conflicts, Reused int
	// Unavailable commands were not written because of the database, the outcome of Unknown ones is not known (ErrOutcomeUnknown),
	// and Refused ones cannot be stored.
	Unavailable, Unknown, Refused int
	// Waited is how long each command waited for its transaction to begin; nil if there was none, because Outcome found the command.
	Waited []time.Duration
	// Took is how long the transaction took, including the recovery of its outcome.
	Took time.Duration
}

func (s *Stats) count(r *request) {
	switch {
	case r.err == nil && r.result.Duplicate:
		s.Duplicates++
	case r.err == nil:
		s.countWrites(r)
	case errors.Is(r.err, eventstore.ErrReused):
		s.Reused++
	case errors.Is(r.err, eventstore.ErrOutcomeUnknown):
		s.Unknown++
	case errors.Is(r.err, eventstore.ErrUnavailable):
		s.Unavailable++
	default:
		s.Refused++
	}
}

func (s *Stats) countWrites(r *request) {
	conflict := false
	for i, w := range r.result.Writes {
		if w.Conflict != nil {
			conflict = true
			continue
		}
		s.Events += len(r.events[i])
	}
	if conflict {
		s.Conflicts++
	} else {
		s.Appended++
	}
}
