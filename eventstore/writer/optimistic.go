package writer

import (
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/eventstore"
)

const (
	// clockTolerance is how far created_at may lag behind the database's clock on the optimistic path. It covers the round trip
	// and the drift of our clock since the last transaction.
	clockTolerance = 100 * time.Millisecond
	// pessimism is how long the locked path is taken after an assumption failed or would have: a failed optimistic batch is
	// sent twice and leaves dead tuples, which costs about what four successful ones save.
	pessimism = 50 * time.Millisecond
)

// headCache is what the writer of a log remembers of its last transaction, to decide the next batch before the log is locked. It
// may be wrong, since it is a condition of the insert: that costs a round trip. The zero value remembers nothing.
type headCache struct {
	head  eventstore.Head
	epoch int64
	// now was the database's clock when ours was at.
	now, at time.Time
	// Until then the locked path is taken.
	pessimisticUntil time.Time
}

// update remembers where a locked transaction left the log, given what it found when it had the lock. Another process appends if
// the log is not where it was left last.
func (c *headCache) update(found, left logState, locked time.Time, refused bool, pessimism time.Duration) {
	if refused || !c.at.IsZero() && c.head.Hash != found.head.Hash {
		c.pessimisticUntil = locked.Add(pessimism)
	}
	c.head, c.epoch, c.now, c.at = left.head, left.epoch, found.now, locked
}

// assume returns the state in which nothing of a batch is refused: the log is where it was left, every stream at its expected
// version, every command id new. It returns false if that is not known or not likely.
func (c *headCache) assume(batch []*request) (state logState, ok bool) {
	now := time.Now()
	if c.at.IsZero() || now.Before(c.pessimisticUntil) {
		return logState{}, false
	}
	state = logState{
		head: c.head, epoch: c.epoch, now: c.now.Add(now.Sub(c.at)).Truncate(time.Microsecond), assumed: true,
		streams: make(map[uuid.UUID]streamHead, len(batch)), commands: make(map[string]recorded, len(batch)),
		imported: map[eventstore.Hash]bool{},
	}
	for _, r := range batch {
		for i, w := range r.command.Writes {
			// Without an event or an expected version, the result depends on where the stream is. Beyond MaxInt32 no version
			// can be asked for.
			if w.Expected < eventstore.None || w.Expected > math.MaxInt32-len(r.events[i]) || len(r.events[i]) == 0 {
				return logState{}, false
			}
			if _, known := state.streams[w.StreamID]; known {
				continue
			}
			state.streams[w.StreamID] = streamHead{version: w.Expected, category: w.Category}
			// The unique constraint refuses a new stream that exists.
			if w.Expected != eventstore.None {
				state.assumedStreams = append(state.assumedStreams, w.StreamID)
				state.assumedVersions = append(state.assumedVersions, w.Expected)
				state.assumedCategories = append(state.assumedCategories, w.Category)
			}
		}
		if len(r.command.Writes) == 0 {
			return logState{}, false
		}
		if r.command.ID == "" {
			continue
		}
		// The unique constraint refuses a command that is recorded by its event; one that gets a row would miss that event.
		if !r.recordedByEvent {
			return logState{}, false
		}
		state.assumedNew = append(state.assumedNew, r.command.ID)
	}
	return state, true
}
