package eventstore

import (
	"math"
	"time"

	"github.com/google/uuid"
)

const (
	// clockTolerance is how far behind the database's clock, when the head is locked, a created_at may be that was
	// foreseen.
	clockTolerance = 100 * time.Millisecond
	// othersRest is for how long the head is not foreseen after another process was found to append to the log.
	othersRest = 50 * time.Millisecond
	// afterRefusal is how many batches are read after one of which something was refused. A batch that is foreseen in vain is
	// written twice, and leaves dead rows among the events: as much as foreseeing some four of them saves.
	afterRefusal = 4
	// maxReading bounds how many are read after one refusal upon the other.
	maxReading = 64
)

// known is what a writer remembers of its log from its last transaction: with it a batch that is foreseen can be decided before
// the log is locked, and takes one round trip instead of two. That everything was as foreseen is a condition of writing
// it, so what is remembered may be wrong, and costs a round trip then. The zero value remembers nothing.
type known struct {
	head  Head
	epoch int64
	// now was the database's clock when ours was at; a moment foreseen with them has passed when it gets there.
	now, at time.Time
	// others is when somebody else was last found to have appended.
	others time.Time
	// reading is how many more batches are read rather than foreseen, if nothing of them is refused.
	reading int
}

// learn remembers where a transaction left the log, with what it found under the lock.
func (k *known) learn(left, f found, locked time.Time, before known) {
	*k = known{head: left.head, epoch: left.epoch, now: f.now, at: locked, others: before.others, reading: before.reading}
	if !before.at.IsZero() && before.head.Hash != f.head.Hash {
		k.others = locked
	}
}

// weigh says of a batch that was read whether to foresee it would have been in vain.
func (k *known) weigh(refused bool, afterRefusal int) {
	if refused {
		k.reading = min(k.reading+afterRefusal, maxReading)
		return
	}
	k.reading = max(k.reading-1, 0)
}

// current tells whether the log is probably where it was left.
func (k *known) current() bool { return !k.at.IsZero() && time.Since(k.others) >= othersRest }

// complete adds to what is foreseen of a batch where the log probably is.
func (k *known) complete(f found) found {
	f.head, f.epoch, f.now = k.head, k.epoch, k.now.Add(time.Since(k.at)).Truncate(time.Microsecond)
	return f
}

// foresee says what a transaction will find of the streams and ids of a batch if nothing of it is refused, or ok false where
// that cannot be known, or is not likely: a write without an expected version, or without an event, depends on where its
// stream is.
func (k *known) foresee(batch []*request) (f found, ok bool) {
	if k.reading > 0 {
		return found{}, false
	}
	f = found{
		foreseen: true,
		streams:  make(map[uuid.UUID]streamHead, len(batch)), commands: make(map[string]recorded, len(batch)),
	}
	for _, r := range batch {
		for i, w := range r.command.Writes {
			if _, known := f.streams[w.StreamID]; known {
				continue
			}
			// Beyond what the database takes there is no version.
			if w.Expected < None || w.Expected > math.MaxInt32-len(r.events[i]) || len(r.events[i]) == 0 {
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
