package eventstore

import (
	"bytes"

	"github.com/auren-memory/auren/domain/canonjson"
)

// Reason returns why the command behind the event was sent; "" if nobody said, or if the contents were erased.
func (e *Event) Reason() string { return e.Said("reason") }

// Said returns a text that is a member of the contents, or "" if there is none.
func (e *Event) Said(member string) string {
	// Most contents have no such member, and finding that out by reading them took 2 of the 15 µs of projecting a memory.
	if !bytes.Contains(e.Contents, []byte(`"`+member+`"`)) {
		return ""
	}
	contents, err := canonjson.Adopt(e.Contents)
	if err != nil {
		return ""
	}
	text, _ := contents.Member(member).Text()
	return text
}
