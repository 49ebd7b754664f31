package eventstore

import "github.com/auren-memory/auren/domain/canonjson"

// Reason returns why the command behind the event was sent: the member reason of the contents. It is "" if nobody said, or
// if the contents were erased.
func (e *Event) Reason() string {
	if e.Contents == nil {
		return ""
	}
	contents, err := canonjson.Parse(e.Contents)
	if err != nil {
		return ""
	}
	reason, _ := contents.Member("reason").Text()
	return reason
}
