package proctest

import (
	"bytes"
	"sync"
)

// Output keeps what is written to it. The zero value is empty; it is safe for concurrent use.
type Output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

// String returns all that was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// End returns at most limit bytes from the end; 0 means all.
func (o *Output) End(limit int) string {
	said := o.String()
	if limit == 0 {
		return said
	}
	return said[max(0, len(said)-limit):]
}
