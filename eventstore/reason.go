package eventstore

import (
	"bytes"

	"github.com/auren-memory/auren/domain/canonjson"
)

// Reason returns why the command behind the event was sent: the member reason of the contents. It is "" if nobody said, or
// if the contents were erased.
func (e *Event) Reason() string {
	// Most contents have no such member, and finding that out by reading them took 2 of the 15 µs of projecting a memory.
	if !bytes.Contains(e.Contents, []byte(`"reason"`)) {
		return ""
	}
	contents, err := canonjson.Adopt(e.Contents)
	if err != nil {
		return ""
	}
	reason, _ := contents.Member("reason").Text()
	return reason
}
