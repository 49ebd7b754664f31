package writer

import (
	"crypto/hmac"
	"time"

	"github.com/google/uuid"

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
