package writer

import "time"

// Callers that send their next command when the last one is answered come back together when a batch is answered. A transaction that
// begins with the first of them leaves the others to a second one, and half of them wait through both. So a batch waits for as many
// as were answered last, as commit_delay does in PostgreSQL. The wait is at most half of a transaction, since it delays those who are
// already there, and a delay that fewer callers used backs off exponentially.
const (
	// maxDelay is how long a batch waits at most: what a hundred callers take to come back.
	maxDelay = 1500 * time.Microsecond
	// One in latecomers need not be waited for. A caller that just misses a batch waits through all of it.
	latecomers = 100
	// maxMissed caps the backoff: a delay is tried at least every 1<<maxMissed batches.
	maxMissed = 8
)

// batchDelay decides how long the next batch of a log waits for callers that are likely to come back.
type batchDelay struct {
	// The next batch waits until expected commands wait with it, or until a moment. While it waits full is set, and closed when it
	// need not wait any longer.
	expected int
	until    time.Time
	full     chan struct{}

	// missed is from 0 to maxMissed: it rises by two with each delay that not all used and falls by one with each that they did.
	// skip is how many batches are yet to begin without a delay.
	missed, skip int
}

// arm sets the delay of the next batch: so many callers may be in it, 0 to wait for nobody.
func (d *batchDelay) arm(callers int, until time.Time) {
	d.expected = 0
	switch {
	case callers < 2:
	case d.skip > 0:
		d.skip--
	default:
		d.expected, d.until = callers-callers/latecomers, until
	}
}

// begin begins the delay of a batch. Where it waits, full is closed when as many wait as are expected; left is how long it may wait.
func (d *batchDelay) begin(waiting int, now time.Time) (full <-chan struct{}, left time.Duration) {
	left = d.until.Sub(now)
	if waiting >= d.expected || left <= 0 {
		return nil, 0
	}
	d.full = make(chan struct{})
	return d.full, left
}

// arrived says how many wait now.
func (d *batchDelay) arrived(waiting int) {
	if d.full != nil && waiting >= d.expected {
		close(d.full)
		d.full = nil
	}
}

// adjust ends the delay of a batch and backs off if it was missed.
func (d *batchDelay) adjust(now time.Time) {
	// On an idle machine timers fire late: a caller that arrives between the end of the delay and its timer missed it, too.
	inTime := d.full == nil && now.Before(d.until)
	d.full = nil
	if inTime {
		d.missed = max(d.missed-1, 0)
		return
	}
	d.missed = min(d.missed+2, maxMissed)
	d.skip = 1 << d.missed
}
