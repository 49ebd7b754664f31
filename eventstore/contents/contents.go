// Package contents keeps what was said apart from the events that say it, so that it can be erased one day while the log
// stays as it is.
//
// Each event has a row of table event_contents until it is erased: a random salt and, if something was said, its
// canonical JSON. The event's payload commits to the contents by a digest that is keyed by the salt. Digests of commands,
// which cover what was said as well, are keyed by the salts of the events that the command concerns. Erasing the row takes
// the salt away, and with it every way to confirm a guess. The rows of a stream are erased together: a command that changed
// nothing repeats what an earlier event of its stream said, and is keyed by the salt of the last one.
package contents

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// Salt is the secret of one event.
type Salt [32]byte

// NewSalt returns a random salt.
func NewSalt() (s Salt) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// member is the name of the commitment within a payload.
const member = "contents"

// Commit returns the payload, an object, with a member that commits to what was said:
//
//	"contents": {"bytes": <length of the canonical text>, "sha256": <hex of SHA-256(salt || canonical text)>}
//
// Where nothing was said the payload stays as it is. Errors are of kind Invalid.
func Commit(payload canonjson.Value, salt Salt, said canonjson.Value) (canonjson.Value, error) {
	switch {
	case !payload.Member(member).IsZero():
		return canonjson.Value{}, domain.Invalidf("payload."+member, "is reserved for the digest of the contents")
	case said.IsZero():
		return payload, nil
	case !payload.IsObject():
		return canonjson.Value{}, domain.Invalidf("payload", "must be an object where the event has contents")
	}
	digest := sha256.Sum256(append(salt[:], said.Raw()...))
	return payload.With(member, canonjson.NewObject(make([]byte, 0, 96)).
		Int("bytes", int64(len(said.Raw()))).
		Text("sha256", hex.EncodeToString(digest[:])).
		Done()), nil
}

// Committed tells whether a payload commits to contents.
func Committed(payload json.RawMessage) bool {
	p, err := canonjson.Adopt(payload)
	return err == nil && !p.Member(member).IsZero()
}

// Keyed returns HMAC-SHA256 of a digest of something that was said. Only keyed digests may be stored or sent.
func Keyed(key []byte, digest [sha256.Size]byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(digest[:])
	return mac.Sum(nil)
}
