package eventstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	canonical := *e
	canonical.Payload, canonical.Metadata = payload.Raw(), metadata.Raw()
	return ChainCanonical(previous, &canonical), nil
}

// ChainCanonical is ChainHash of an event whose payload and metadata are canonical.
func ChainCanonical(previous Hash, e *Event) Hash {
	b := make([]byte, 0, len(previous)+len(e.Payload)+len(e.Metadata)+512)
	b = append(b, previous[:]...)
	b = appendText(b, `{"agent_id":`, e.AgentID)
	b = appendText(b, `,"category":`, e.Category)
	b = appendTime(b, `,"created_at":"`, e.CreatedAt)
	b = append(append(b, `","event_id":"`...), e.ID.String()...)
	b = appendText(b, `","event_type":`, e.Type)
	b = append(append(b, `,"metadata":`...), e.Metadata...)
	b = appendTime(b, `,"occurred_at":"`, e.OccurredAt)
	b = append(append(b, `","payload":`...), e.Payload...)
	b = strconv.AppendInt(append(b, `,"schema_version":`...), int64(e.SchemaVersion), 10)
	b = strconv.AppendInt(append(b, `,"sequence_id":`...), e.SequenceID, 10)
	b = append(append(b, `,"stream_id":"`...), e.StreamID.String()...)
	b = appendText(b, `","tenant_id":`, string(e.Tenant))
	b = appendText(b, `,"user_id":`, e.UserID)
	b = strconv.AppendInt(append(b, `,"version":`...), int64(e.Version), 10)
	return sha256.Sum256(append(b, '}'))
}

func appendText(b []byte, key, text string) []byte {
	return canonjson.AppendText(append(b, key...), text)
}

func appendTime(b []byte, key string, t time.Time) []byte {
	return t.UTC().AppendFormat(append(b, key...), "2006-01-02T15:04:05.000000Z")
}

// Fingerprint is the SHA-256 of the canonical JSON of a command.
func Fingerprint(canonical []byte) Hash { return sha256.Sum256(canonical) }
