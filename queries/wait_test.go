package queries_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// wakes hands out subscriptions and tells the test of each.
type wakes struct {
	subscribed chan string
	wake       chan struct{}
	ended      chan struct{}
}

// setupWoken returns a world whose reader looks at a checkpoint again only when it is woken.
func setupWoken(t *testing.T) (*world, *wakes) {
	news := &wakes{make(chan string, 9), make(chan struct{}), make(chan struct{}, 9)}
	return setup(t, func(c *queries.Config) {
		c.Poll, c.WaitLimit = time.Hour, time.Hour
		c.Wake = func(key string) (<-chan struct{}, func()) {
			news.subscribed <- key
			return news.wake, func() { news.ended <- struct{}{} }
		}
	}), news
}

// answer is what a list returned.
type answer struct {
	queries.ListResult
	err error
}

// listLater lists the memories at a position, once it is there.
func (w *world) listLater(ctx context.Context, at queries.At) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		result, err := w.reader.List(ctx, tenant, queries.Filter{}, queries.Page{}, at)
		answers <- answer{result, err}
	}()
	return answers
}

func TestMinSequenceIDWaitsUntilItIsWoken(t *testing.T) {
	w, news := setupWoken(t)
	w.add(t, "first")
	answers := w.listLater(t.Context(), atLeast(2))
	require.Equal(t, "default/agent_memories", <-news.subscribed)
	// The reader takes a wake only once it has seen 1 and waits.
	news.wake <- struct{}{}
	second := w.add(t, "second")
	var got answer
	for waiting := true; waiting; {
		select {
		case news.wake <- struct{}{}:
		case got = <-answers:
			waiting = false
		}
	}
	require.NoError(t, got.err)
	require.EqualValues(t, 2, got.SequenceID)
	require.Contains(t, ids(got.Memories), second)
	<-news.ended
}

func TestWaitPollsWithoutWakes(t *testing.T) {
	for name, at := range map[string]queries.At{"min_sequence_id": atLeast(2), "as of": asOfTime(recorded(2))} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, func(c *queries.Config) { c.Poll, c.WaitLimit = time.Millisecond, time.Hour })
			w.add(t, "first")
			w.tell(t, "second")
			answers := w.listLater(t.Context(), at)
			w.project(t)
			got := <-answers
			require.NoError(t, got.err)
			require.Len(t, got.Memories, 2)
		})
	}
}

func TestMinSequenceIDIsBounded(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.WaitLimit = time.Millisecond })
	id := w.add(t, "first")
	for _, errs := range []map[string]error{askAt(t.Context(), w.reader, tenant, id, atLeast(40)), askNow(t.Context(), w.reader, 40)} {
		for name, err := range errs {
			require.Equal(t, domain.Unavailable, domain.KindOf(err), name)
			require.ErrorContains(t, err, "the projection agent_memories is at event 1, 39 behind event 40", name)
		}
	}
}

func TestSearchWaitsForItsOwnProjectionToo(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.WaitLimit = time.Millisecond })
	w.add(t, "first")
	w.tell(t, "second")
	w.tell(t, "third")
	w.project(t, 0)
	_, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "first"}, queries.At{MinSequenceID: 3})
	require.ErrorContains(t, err, "the projection search is at event 1, 2 behind event 3")
	found, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "first"}, queries.At{MinSequenceID: 1})
	require.NoError(t, err)
	require.EqualValues(t, 1, found.SequenceID, "the answer reflects what both projections have applied")
	require.Len(t, found.Hits, 1)
}

func TestWaitEndsWithTheCaller(t *testing.T) {
	w, news := setupWoken(t)
	ctx, cancel := context.WithCancel(t.Context())
	answers := w.listLater(ctx, atLeast(1))
	<-news.subscribed
	news.wake <- struct{}{}
	cancel()
	require.ErrorIs(t, (<-answers).err, context.Canceled)
	<-news.ended
}

func TestATenantWithoutProjectionsIsAtZero(t *testing.T) {
	w := setup(t)
	for _, at := range []queries.At{{}, asOfTime(epoch)} {
		list := w.list(t, queries.Filter{}, queries.Page{}, at)
		require.Zero(t, list.SequenceID)
		require.NotNil(t, list.Memories, "an empty list is [] in JSON, not null")
		require.Empty(t, list.Memories)
	}
}
