// Package contents keeps what was said apart from the events that say it, so that it can be erased one day while the log
// stays as it is.
//
// Each event has a row of table event_contents until it is erased: a random salt and, if something was said, its
// canonical JSON. The event's payload commits to the contents by a digest that is keyed by the salt. Digests of commands,
// which cover what was said as well, are keyed by the salts of the events that the command concerns. Erasing the row takes
// the salt away, and with it every way to confirm a guess.
package contents

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

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
	if !payload.IsObject() {
		if said.IsZero() {
			return payload, nil
		}
		return canonjson.Value{}, domain.Invalidf("payload", "must be an object where the event has contents")
	}
	o, set, reserved := canonjson.NewObject(make([]byte, 0, len(payload.Raw())+128)), said.IsZero(), false
	err := payload.Each(func(name string, value canonjson.Value) error {
		if name == member {
			reserved = true
		}
		if !set && name > member {
			set = true
			o.Value(member, commitTo(salt, said))
		}
		o.Value(name, value)
		return nil
	})
	if err != nil {
		return canonjson.Value{}, err
	}
	if reserved {
		return canonjson.Value{}, domain.Invalidf("payload."+member, "is reserved for the digest of the contents")
	}
	if !set {
		o.Value(member, commitTo(salt, said))
	}
	return o.Done(), nil
}

func commitTo(salt Salt, said canonjson.Value) canonjson.Value {
	return canonjson.NewObject(make([]byte, 0, 96)).Int("bytes", int64(len(said.Raw()))).Text("sha256", hex.EncodeToString(sum(salt, said.Raw()))).Done()
}

func sum(salt Salt, said []byte) []byte {
	h := sha256.New()
	h.Write(salt[:])
	h.Write(said)
	return h.Sum(nil)
}

// Committed tells whether a payload commits to contents.
func Committed(payload json.RawMessage) bool {
	_, ok := commitment(payload)
	return ok
}

// Matches tells whether contents with their salt are those that the payload commits to.
func Matches(payload json.RawMessage, salt Salt, said canonjson.Value) bool {
	c, ok := commitment(payload)
	return ok && c.SHA256 == hex.EncodeToString(sum(salt, said.Raw())) && c.Bytes == len(said.Raw())
}

type committed struct {
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func commitment(payload json.RawMessage) (c committed, ok bool) {
	var p struct {
		Contents *committed `json:"contents"`
	}
	if json.Unmarshal(payload, &p) != nil || p.Contents == nil {
		return committed{}, false
	}
	return *p.Contents, true
}

// Keyed returns HMAC-SHA256 of a digest of something that was said. Only keyed digests may be stored or sent.
func Keyed(key []byte, digest [sha256.Size]byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(digest[:])
	return mac.Sum(nil)
}

// execer is a pool, a connection or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
}

const erase = `
delete from event_contents
 where tenant_id = $1 and sequence_id = any($2)`

// Erase deletes the contents and salts of events for good, and returns how many there were. The events stay. What is erased
// together is every event of a stream: a command that changed nothing repeats what an earlier event of its stream said, and is
// keyed by the salt of the last one.
func Erase(ctx context.Context, db execer, tenant domain.Tenant, sequenceIDs []int64) (erased int64, err error) {
	tag, err := db.Exec(ctx, erase, tenant, sequenceIDs)
	if err != nil {
		return 0, fmt.Errorf("erase the contents of %d events: %w", len(sequenceIDs), err)
	}
	return tag.RowsAffected(), nil
}
