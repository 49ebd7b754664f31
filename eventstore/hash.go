package eventstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/auren-memory/auren/domain/canonjson"
)

// Hash is a SHA-256 digest; as text it is 64 lower-case hexadecimal digits.
type Hash [sha256.Size]byte

// String returns the 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns the 64 hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("hash of %d characters, expected %d", len(text), hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// ChainHash computes the hash that an event must have after the event whose hash is previous (zero before the
// first): SHA-256 over previous, then the canonical JSON (domain/canonjson) of an object of every column of
// the row but the hash itself. Times are in UTC with six decimals.
func ChainHash(previous Hash, e *Event) (Hash, error) {
	payload, err := canonjson.Parse(e.Payload)
	if err != nil {
		return Hash{}, fmt.Errorf("payload of event %d: %w", e.SequenceID, err)
	}
	metadata, err := canonjson.Parse(e.Metadata)
	if err != nil {
		return Hash{}, fmt.Errorf("metadata of event %d: %w", e.SequenceID, err)
	}
	return sha256.Sum256(appendHashed(nil, previous, e, appendTime(nil, e.CreatedAt), payload.Raw(), metadata.Raw())), nil
}

// Chain computes the hash of an event, whose payload and metadata are canonical, from that of the one before.
type Chain func(previous Hash, e *Event) Hash

// NewChain makes a Chain for the events of one transaction, which have one created_at. It reuses its buffer, so it is for one
// goroutine.
func NewChain(createdAt time.Time) Chain {
	var hashed []byte
	created := appendTime(nil, createdAt)
	return func(previous Hash, e *Event) Hash {
		hashed = appendHashed(hashed[:0], previous, e, created, e.Payload, e.Metadata)
		return sha256.Sum256(hashed)
	}
}

// appendHashed writes what the hash of an event is the SHA-256 of; created is the text of its created_at, and payload and
// metadata are canonical.
func appendHashed(b []byte, previous Hash, e *Event, created, payload, metadata []byte) []byte {
	b = slices.Grow(b, len(previous)+len(payload)+len(metadata)+512)
	b = append(b, previous[:]...)
	b = appendText(b, `{"agent_id":`, e.AgentID)
	b = appendText(b, `,"category":`, e.Category)
	b = append(append(b, `,"created_at":"`...), created...)
	b = canonjson.AppendUUID(append(b, `","event_id":"`...), e.ID)
	b = appendText(b, `","event_type":`, e.Type)
	b = append(append(b, `,"metadata":`...), metadata...)
	b = appendTime(append(b, `,"occurred_at":"`...), e.OccurredAt)
	b = append(append(b, `","payload":`...), payload...)
	b = strconv.AppendInt(append(b, `,"schema_version":`...), int64(e.SchemaVersion), 10)
	b = strconv.AppendInt(append(b, `,"sequence_id":`...), e.SequenceID, 10)
	b = canonjson.AppendUUID(append(b, `,"stream_id":"`...), e.StreamID)
	b = appendText(b, `","tenant_id":`, string(e.Tenant))
	b = appendText(b, `,"user_id":`, e.UserID)
	b = strconv.AppendInt(append(b, `,"version":`...), int64(e.Version), 10)
	return append(b, '}')
}

func appendText(b []byte, key, text string) []byte {
	return canonjson.AppendText(append(b, key...), text)
}

// appendTime writes what the layout 2006-01-02T15:04:05.000000Z does, in a fifth of the time.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	}
	hour, minute, second := t.Clock()
	b = appendDigits(b, year, 4)
	b = appendDigits(append(b, '-'), int(month), 2)
	b = appendDigits(append(b, '-'), day, 2)
	b = appendDigits(append(b, 'T'), hour, 2)
	b = appendDigits(append(b, ':'), minute, 2)
	b = appendDigits(append(b, ':'), second, 2)
	b = appendDigits(append(b, '.'), t.Nanosecond()/1000, 6)
	return append(b, 'Z')
}

// appendDigits writes the last digits of a number.
func appendDigits(b []byte, n, digits int) []byte {
	b = append(b, "000000"[:digits]...)
	for i := len(b) - 1; n > 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// Fingerprint is the SHA-256 of the canonical JSON of a command.
func Fingerprint(canonical []byte) Hash { return sha256.Sum256(canonical) }
