package eventstore

import (
	"time"

	"github.com/google/uuid"
)

const (
	// clockTolerance is how far behind the database's clock, when the head is locked, a created_at may be that was
	// foreseen.
	clockTolerance = 100 * time.Millisecond
	// othersRest is for how long the head is not foreseen after another process was found to append to the log.
	othersRest = 50 * time.Millisecond
)

// known is what a writer remembers of its log from its last transaction: with it a batch that is foreseen can be decided before
// the log is locked, and takes one round trip instead of two. That everything was as foreseen is a condition of writing
// it, so what is remembered may be wrong, and costs a round trip then. The zero value remembers nothing.
type known struct {
	head  Head
	fence int64
	// now was the database's clock when ours was at; a moment foreseen with them has passed when it gets there.
	now, at time.Time
	// others is when somebody else was last found to have appended.
	others time.Time
}

// learn remembers where a transaction left the log, with what it found under the lock.
func (k *known) learn(left, f found, read time.Time, before known) {
	*k = known{head: left.head, fence: left.fence, now: f.now, at: read, others: before.others}
	if !before.at.IsZero() && before.head.Hash != f.head.Hash {
		k.others = read
	}
}

// current tells whether the log is probably where it was left.
func (k *known) current() bool { return !k.at.IsZero() && time.Since(k.others) >= othersRest }

// complete adds to what is foreseen of a batch where the log probably is.
func (k *known) complete(f found) found {
	f.head, f.fence, f.now = k.head, k.fence, k.now.Add(time.Since(k.at)).Truncate(time.Microsecond)
	return f
}

// foresee says what a transaction will find of the streams and ids of a batch if nothing of it is refused, or ok false where
// that cannot be known: a write without an expected version, or without an event, depends on where its stream is.
func foresee(batch []*request) (f found, ok bool) {
	f = found{
		foreseen: true,
		streams:  make(map[uuid.UUID]streamHead, len(batch)), commands: make(map[string]recorded, len(batch)),
	}
	for _, r := range batch {
		for i, w := range r.command.Writes {
			if _, known := f.streams[w.StreamID]; known {
				continue
			}
			if w.Expected == Any || len(r.events[i]) == 0 {
				return found{}, false
			}
			f.streams[w.StreamID] = streamHead{version: w.Expected}
			if w.Expected != None {
				f.foreseenStreams, f.foreseenVersions = append(f.foreseenStreams, w.StreamID), append(f.foreseenVersions, w.Expected)
			}
		}
		// Of a command that leaves no event, nothing but the lock keeps a second one out.
		if len(r.command.Writes) == 0 || r.command.ID != "" && r.count == 0 {
			return found{}, false
		}
	}
	return f, true
}
