package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/eventstore"
)

type stream struct {
	Events     []eventstore.Event
	NextFrom   int   `json:"next_from"`
	SequenceID int64 `json:"sequence_id"`
}

type eventLog struct {
	Events     []eventstore.Event
	Next       int64
	SequenceID int64 `json:"sequence_id"`
}

func TestReadStream(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := s.remember(t, coffee).ID
	for i := range 4 {
		s.send(t, "PATCH", "/v1/memories/"+id.String(), fmt.Sprintf(`{"content":%d}`, i))
	}
	path := "/v1/streams/" + id.String() + "/events"
	versions := func(query string) (seen []int, next int) {
		page := ok[stream](t, s.send(t, "GET", path+query, ""), 200)
		require.EqualValues(t, 5, page.SequenceID)
		for _, e := range page.Events {
			seen = append(seen, e.Version)
		}
		return seen, page.NextFrom
	}
	for query, want := range map[string]struct {
		versions []int
		next     int
	}{
		"":                               {[]int{1, 2, 3, 4, 5}, 0},
		"?limit=2":                       {[]int{1, 2}, 3},
		"?from=3&limit=2":                {[]int{3, 4}, 5},
		"?direction=backwards":           {[]int{5, 4, 3, 2, 1}, 0},
		"?direction=backwards&from=2":    {[]int{2, 1}, 0},
		"?direction=backwards&limit=2":   {[]int{5, 4}, 3},
		"?direction=forwards&from=99":    {nil, 0},
		"?direction=backwards&from=1000": {[]int{5, 4, 3, 2, 1}, 0},
	} {
		seen, next := versions(query)
		require.Equal(t, want.versions, seen, query)
		require.Equal(t, want.next, next, query)
	}
	problem(t, s.send(t, "GET", "/v1/streams/"+uuid.NewString()+"/events", ""), 404)

	e := ok[stream](t, s.send(t, "GET", path+"?limit=1", ""), 200).Events[0]
	want, _, err := s.log.ReadStream(t.Context(), "default", id, 1, eventstore.Forwards, 1)
	require.NoError(t, err)
	require.Equal(t, want[0].Hash, e.Hash)
	require.JSONEq(t, string(want[0].Payload), string(e.Payload))
}

func TestReadLog(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 6 {
		s.remember(t, fmt.Sprintf(`{"agent_id":"a%d","user_id":"u%d","content":1}`, i%2, i%3), "X-Correlation-ID", fmt.Sprint("c", i))
	}
	for query, want := range map[string][]int64{
		"":                              {1, 2, 3, 4, 5, 6},
		"?after=4":                      {5, 6},
		"?after=4&limit=1":              {5},
		"?after=99":                     nil,
		"?agent_id=a1":                  {2, 4, 6},
		"?agent_id=a1&user_id=u1":       {2},
		"?correlation_id=c2":            {3},
		"?until=2":                      {1, 2},
		"?event_type=memory_remembered": {1, 2, 3, 4, 5, 6},
		"?event_type=memory_expired&event_type=memory_restored": nil,
		"?agent_id=a0&limit=2&until=100":                        {1, 3},
	} {
		page := ok[eventLog](t, s.send(t, "GET", "/v1/events"+query, ""), 200)
		var seen []int64
		for _, e := range page.Events {
			seen = append(seen, e.SequenceID)
		}
		require.Equal(t, want, seen, query)
		require.EqualValues(t, 6, page.SequenceID, query)
	}
	require.EqualValues(t, 3, ok[eventLog](t, s.send(t, "GET", "/v1/events?agent_id=a0&limit=2", ""), 200).Next)
	require.EqualValues(t, 6, ok[eventLog](t, s.send(t, "GET", "/v1/events?agent_id=none", ""), 200).Next)
}

// feed is a live feed being read.
type feed struct {
	t     *testing.T
	lines *bufio.Scanner
	close context.CancelFunc
}

func (s *service) follow(t *testing.T, query string, headers ...string) *feed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/events/live"+query, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	require.Equal(t, 200, answer.StatusCode)
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 4<<20)
	f := &feed{t: t, lines: lines, close: cancel}
	require.Contains(t, f.piece(), ": begins after")
	return f
}

// piece is what stands before the next empty line; "" at the end of the feed.
func (f *feed) piece() string {
	var lines []string
	for f.lines.Scan() {
		if f.lines.Text() == "" {
			return strings.Join(lines, "\n")
		}
		lines = append(lines, f.lines.Text())
	}
	return ""
}

// next is the next event.
func (f *feed) next() eventstore.Event {
	f.t.Helper()
	for {
		piece := f.piece()
		require.NotEmpty(f.t, piece, "the feed has ended")
		if strings.HasPrefix(piece, ":") {
			continue
		}
		lines := strings.Split(piece, "\n")
		require.Len(f.t, lines, 3)
		var e eventstore.Event
		require.NoError(f.t, json.Unmarshal([]byte(strings.TrimPrefix(lines[2], "data: ")), &e))
		require.Equal(f.t, fmt.Sprintf("id: %d", e.SequenceID), lines[0])
		require.Equal(f.t, "event: "+e.Type, lines[1])
		return e
	}
}

func TestLiveFeed(t *testing.T) {
	t.Parallel()
	t.Run("begins at the end of the log and resumes where it was left", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.remember(t, coffee)
		f := s.follow(t, "")
		s.remember(t, strings.Replace(coffee, "late", "late\\n\\ndata: fake", 1))
		s.remember(t, coffee)
		require.EqualValues(t, 2, f.next().SequenceID)
		require.EqualValues(t, 3, f.next().SequenceID)
		f.close()
		for range 120 {
			s.remember(t, coffee)
		}
		f = s.follow(t, "?after=1", "Last-Event-ID", "3")
		for want := int64(4); want <= 123; want++ {
			require.Equal(t, want, f.next().SequenceID)
		}
		require.EqualValues(t, 2, s.follow(t, "?after=1").next().SequenceID)
		require.EqualValues(t, 1, s.follow(t, "?after=0").next().SequenceID)
	})
	t.Run("keeps to its filter and its end", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		f := s.follow(t, "?agent_id=b&until=4")
		for i := range 5 {
			s.remember(t, fmt.Sprintf(`{"agent_id":"%c","user_id":"u","content":1}`, 'a'+i%2))
		}
		require.EqualValues(t, 2, f.next().SequenceID)
		require.EqualValues(t, 4, f.next().SequenceID)
		require.Equal(t, ": ends\nid: 4", f.piece())
		require.Empty(t, f.piece())
	})
	t.Run("belongs to one tenant", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		f := s.follow(t, "?after=0", "Auren-Tenant", "acme")
		s.remember(t, coffee)
		s.remember(t, `{"agent_id":"x","user_id":"u","content":1}`, "Auren-Tenant", "acme")
		require.Equal(t, "x", f.next().AgentID)
	})
	t.Run("says that it lives, and how far it looked", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.remember(t, coffee)
		s.url = serve(t, httpapi.New(api.New(s.deps), s.operations, httpapi.Config{Heartbeat: 20 * time.Millisecond}))
		f := s.follow(t, "?after=0&agent_id=nobody")
		for f.piece() != ": heartbeat\nid: 1" {
		}
	})
}
