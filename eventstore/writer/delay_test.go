package writer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestADelayEndsWhenThoseWhoAreExpectedAreThere(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var d batchDelay
	d.arm(200, now.Add(time.Minute))
	full, left := d.begin(1, now)
	require.Equal(t, time.Minute, left)
	d.arrived(197)
	require.NotNil(t, d.full)
	d.arrived(198) // but for latecomers
	<-full
	d.adjust(now)

	d.arm(1, now.Add(time.Minute)) // a single caller waits for nobody
	full, _ = d.begin(0, now)
	require.Nil(t, full)
	d.arm(2, now.Add(time.Minute))
	full, _ = d.begin(2, now) // all are there already
	require.Nil(t, full)
	full, _ = d.begin(1, now.Add(time.Minute)) // too late
	require.Nil(t, full)
}

func TestMissedDelaysBackOff(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var d batchDelay
	batchesUntilTheNext := func() (batches int) {
		for d.arm(2, now.Add(time.Minute)); d.expected == 0; d.arm(2, now.Add(time.Minute)) {
			batches++
		}
		return batches
	}
	var skipped []int
	for range 5 {
		skipped = append(skipped, batchesUntilTheNext())
		d.begin(1, now)
		d.adjust(now.Add(time.Minute))
	}
	require.Equal(t, []int{0, 4, 16, 64, 256}, skipped)

	// Who comes after the end, but before the timer, was late as well.
	require.Equal(t, 256, batchesUntilTheNext())
	d.begin(1, now)
	d.arrived(2)
	d.adjust(now.Add(time.Minute))
	require.Equal(t, 256, batchesUntilTheNext())
	d.begin(1, now)
	d.arrived(2)
	d.adjust(now)
	require.Zero(t, batchesUntilTheNext(), "this one was used")
}

func TestABatchIsDelayedForHalfOfTheLastOneAtMost(t *testing.T) {
	t.Parallel()
	now := time.Now()
	config := Config{}.withDefaults()
	q := &queues{config: &config, options: options{maxDelay: time.Second, now: func() time.Time { return now }}}
	armed := func(answered, waiting int, took time.Duration) (expected int, delay time.Duration) {
		own := &queue{waiting: requests(waiting)}
		q.arm(own, requests(answered), took)
		return own.delay.expected, own.delay.until.Sub(now)
	}
	expected, delay := armed(2, 0, time.Hour)
	require.Equal(t, 2, expected)
	require.Equal(t, time.Second, delay)
	_, delay = armed(2, 0, 20*time.Millisecond)
	require.Equal(t, 10*time.Millisecond, delay)
	expected, _ = armed(100, 100, time.Hour)
	require.Equal(t, 198, expected)
	expected, _ = armed(300, 0, time.Hour)
	require.Zero(t, expected, "a batch that is large anyway")
	expected, _ = armed(100, 200, time.Hour)
	require.Zero(t, expected, "and one that will be")
}

func requests(n int) (all []*request) {
	for range n {
		all = append(all, &request{count: 1})
	}
	return all
}
