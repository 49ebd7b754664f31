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

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/eventstore"
)

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
	t.Run("says that it lives, and how far it looked", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.remember(t, coffee)
		s.url = serve(t, httpapi.New(api.New(s.deps), s.operations, httpapi.Config{Heartbeat: 20 * time.Millisecond})).url
		f := s.follow(t, "?after=0&agent_id=nobody")
		for f.piece() != ": heartbeat\nid: 1" {
		}
	})
}
