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

func newWakes() *wakes {
	return &wakes{subscribed: make(chan string, 9), wake: make(chan struct{}), ended: make(chan struct{}, 9)}
}

func (w *wakes) subscribe(key string) (<-chan struct{}, func()) {
	w.subscribed <- key
	return w.wake, func() { w.ended <- struct{}{} }
}

func TestMinSequenceIDWaitsUntilItIsWoken(t *testing.T) {
	news := newWakes()
	w := setup(t, func(c *queries.Config) {
		c.Wake, c.Poll, c.WaitLimit = news.subscribe, time.Hour, time.Hour
	})
	w.add(t, "first")
	answers := make(chan queries.ListResult, 1)
	go func() {
		result, err := w.reader.List(context.Background(), tenant, queries.Filter{}, queries.Page{}, atLeast(2))
		if err != nil {
			t.Error(err)
		}
		answers <- result
	}()
	require.Equal(t, "default/agent_memories", <-news.subscribed)
	// A wake is taken only by who has looked, seen 1 and begun to wait.
	news.wake <- struct{}{}
	second := w.add(t, "second")
	var answer queries.ListResult
	for waiting := true; waiting; {
		select {
		case news.wake <- struct{}{}:
		case answer = <-answers:
			waiting = false
		}
	}
	require.EqualValues(t, 2, answer.SequenceID)
	require.Contains(t, ids(answer.Memories), second)
	<-news.ended
}

func TestMinSequenceIDNeedsNoWake(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.Poll, c.WaitLimit = time.Millisecond, time.Hour })
	w.add(t, "first")
	answered := make(chan error, 1)
	go func() {
		_, _, err := w.reader.Count(context.Background(), tenant, queries.Filter{}, 2)
		answered <- err
	}()
	w.add(t, "second")
	require.NoError(t, <-answered)
}

func TestMinSequenceIDIsBounded(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.WaitLimit = time.Millisecond })
	id := w.add(t, "first")
	w.reach(t, tenant, "agent_memories", 12)
	const want = "the projection agent_memories is at 12, 28 behind the 40 that was asked for"
	ask := map[string]func(context.Context) error{
		"get": func(ctx context.Context) error {
			_, _, err := w.reader.Get(ctx, tenant, id, atLeast(40))
			return err
		},
		"list": func(ctx context.Context) error {
			_, err := w.reader.List(ctx, tenant, queries.Filter{}, queries.Page{}, atLeast(40))
			return err
		},
		"search": func(ctx context.Context) error {
			_, err := w.reader.Search(ctx, tenant, queries.SearchRequest{Query: "first"}, 40)
			return err
		},
		"history": func(ctx context.Context) error {
			_, err := w.reader.History(ctx, tenant, id, queries.HistoryPage{}, atLeast(40))
			return err
		},
		"stats": func(ctx context.Context) error { _, err := w.reader.Stats(ctx, tenant, "", "", 40); return err },
		"recent": func(ctx context.Context) error {
			_, err := w.reader.Recent(ctx, tenant, "", "", 1, 0, 40)
			return err
		},
		"count": func(ctx context.Context) error {
			_, _, err := w.reader.Count(ctx, tenant, queries.Filter{}, 40)
			return err
		},
	}
	for name, question := range ask {
		err := question(t.Context())
		require.Equal(t, domain.Unavailable, domain.KindOf(err), name)
		require.ErrorContains(t, err, want, name)
	}
}

func TestSearchWaitsForItsOwnProjectionToo(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.WaitLimit = time.Millisecond })
	w.add(t, "first")
	w.reach(t, tenant, "agent_memories", 5)
	_, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "first"}, 3)
	require.ErrorContains(t, err, "the projection search is at 1, 2 behind the 3 that was asked for")
	found, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "first"}, 1)
	require.NoError(t, err)
	require.EqualValues(t, 1, found.SequenceID, "the answer reflects what both projections have applied")
	require.Len(t, found.Hits, 1)
}

func TestWaitEndsWithTheCaller(t *testing.T) {
	news := newWakes()
	w := setup(t, func(c *queries.Config) { c.Wake, c.Poll, c.WaitLimit = news.subscribe, time.Hour, time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		_, err := w.reader.List(ctx, tenant, queries.Filter{}, queries.Page{}, atLeast(1))
		answered <- err
	}()
	<-news.subscribed
	news.wake <- struct{}{}
	cancel()
	require.ErrorIs(t, <-answered, context.Canceled)
	<-news.ended
}

func TestATenantWithoutProjectionsIsAtZero(t *testing.T) {
	w := setup(t)
	list, err := w.reader.List(t.Context(), "nobody", queries.Filter{}, queries.Page{}, queries.At{})
	require.NoError(t, err)
	require.Zero(t, list.SequenceID)
	require.NotNil(t, list.Memories, "an empty list is [] in JSON, not null")
	require.Empty(t, list.Memories)
}
