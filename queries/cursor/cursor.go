// Package cursor writes and reads the places at which answers of several pages continue. A cursor names the question that it is
// of by a fingerprint, so that it cannot silently continue another one.
package cursor

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/auren-memory/auren/domain"
)

// maxLength is longer than any cursor.
const maxLength = 512

// Fingerprint identifies a question by everything that decides its answer. The parts must have been checked: a part that
// JSON cannot write makes all fingerprints equal.
func Fingerprint(parts ...any) []byte {
	text, _ := json.Marshal(parts)
	sum := sha256.Sum256(text)
	return sum[:12]
}

// Encode writes a cursor as text without a meaning for the caller. Its last bytes are a checksum: a caller who changes a cursor by
// mistake is told so.
func Encode(cursor any) string {
	text, _ := json.Marshal(cursor)
	return base64.RawURLEncoding.EncodeToString(append(text, checksum(text)...))
}

const checksumLength = 6

func checksum(text []byte) []byte {
	sum := sha256.Sum256(text)
	return sum[:checksumLength]
}

// ErrUnreadable is the error for a text that is no cursor.
func ErrUnreadable() error {
	return domain.Invalidf("cursor", "must be the next_cursor of a page before")
}

// Read reads a cursor, in which question finds the fingerprint of the question that it is of.
func Read[C any](text string, of []byte, question func(C) []byte) (c C, err error) {
	if len(text) > maxLength {
		return c, ErrUnreadable()
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < checksumLength {
		return c, ErrUnreadable()
	}
	raw, sum := raw[:len(raw)-checksumLength], raw[len(raw)-checksumLength:]
	if !bytes.Equal(sum, checksum(raw)) || json.Unmarshal(raw, &c) != nil {
		return c, ErrUnreadable()
	}
	if !bytes.Equal(question(c), of) {
		return c, domain.Invalidf("cursor", "must be of the same question; repeat everything it came from but the limit")
	}
	return c, nil
}
