package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

type liveParameters struct {
	After *int64 `json:"after,omitempty" minimum:"0" doc:"The sequence_id to go on after; default is the end of the log, so that only what happens from now on is sent."`
	EventFilter
}

const headerLastEventID = "Last-Event-Id"

// livePage is how many events are read at once for a live feed: it is all that a slow reader holds.
const livePage = 50

func (a *api) live() {
	op := operation{
		method: http.MethodGet, path: "/v1/events/live", id: "followLog", tag: tagAudit, status: http.StatusOK,
		summary: "Events as they happen",
		detail: "Server-sent events: id is the sequence_id, event the event_type, data the event as in GET /v1/events. " +
			"A client that comes again with Last-Event-ID misses nothing and gets nothing twice. A comment every 15 seconds says " +
			"that the feed lives. It ends after until, where that is given.",
	}
	described := describe(a.huma.OpenAPI(), op, reflect.TypeFor[liveParameters](), reflect.TypeFor[none](), reflect.TypeFor[none]())
	described.Parameters = append(described.Parameters, &huma.Param{
		Name: "Last-Event-ID", In: "header", Description: "The sequence_id to go on after; it outweighs after.",
		Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64"},
	})
	described.Responses["200"] = &huma.Response{
		Description: "The feed.", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	reads := reader[liveParameters, none]{op: op, server: a.server, params: shapeOf(reflect.TypeFor[liveParameters]())}
	a.handle(described, func(w http.ResponseWriter, r *http.Request) error {
		c, err := reads.read(w, r)
		if err != nil {
			return err
		}
		after, err := a.server.liveStart(r, c)
		if err != nil || r.Method == http.MethodHead {
			return err
		}
		a.server.feed(w, r, c, after)
		return nil
	})
}

// liveStart tells the sequence_id after which a feed begins.
func (s *Server) liveStart(r *http.Request, c *call[liveParameters, none]) (int64, error) {
	given, err := single(r.Header, headerLastEventID)
	if err != nil {
		return 0, malformed(err)
	}
	if given != "" {
		after, err := strconv.ParseInt(given, 10, 64)
		if err != nil || after < 0 {
			return 0, malformed(domain.Invalidf(headerLastEventID, "is no sequence_id"))
		}
		return after, nil
	}
	if c.params.After != nil {
		return *c.params.After, nil
	}
	head, err := s.deps.Store.Head(r.Context(), c.tenant)
	return head.SequenceID, err
}

// feed writes events until the client goes, the server closes or the last event that was asked for is written. One
// goroutine reads ahead by a page and waits until that is written, so a slow client only slows itself; one that takes
// nothing for Config.WriteTimeout is cut off.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, c *call[liveParameters, none], after int64) {
	if live, ok := w.(*response); ok {
		live.live = true
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer context.AfterFunc(s.closing, cancel)()
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()

	pages := make(chan eventstore.Page)
	ended := make(chan error, 1)
	following.Go(func() {
		limits := eventstore.FollowLimits{Batch: livePage, Poll: 2 * time.Second}
		ended <- s.deps.Store.Follow(ctx, s.deps.LogWatcher, c.tenant, after, c.params.filter(), limits,
			func(p eventstore.Page) error {
				select {
				case pages <- p:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
	})
	s.writeFeed(w, pages, ended, after)
}

// writeFeed returns once the follower has ended or the client takes nothing any more.
func (s *Server) writeFeed(w http.ResponseWriter, pages <-chan eventstore.Page, ended <-chan error, after int64) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	out := feedWriter{w: w, control: http.NewResponseController(w), timeout: s.config.WriteTimeout}
	if err := out.send([]byte("retry: 1000\n: begins after " + strconv.FormatInt(after, 10) + "\n\n")); err != nil {
		return
	}
	heartbeat := time.NewTicker(s.config.Heartbeat)
	defer heartbeat.Stop()
	for {
		select {
		case err := <-ended:
			if domain.KindOf(err) == domain.Unavailable {
				s.deps.Log.Warn("a live feed ended because the log cannot be read", zap.Error(err))
			}
			return
		case p := <-pages:
			if err := out.sendPage(p); err != nil {
				return
			}
			after = p.Next
		case <-heartbeat.C:
			// The id spares a client whose filter matches nothing from having all looked through again.
			if err := out.send(fmt.Appendf(nil, ": heartbeat\nid: %d\n\n", after)); err != nil {
				return
			}
		}
	}
}

// feedWriter writes pieces of a feed, each within a timeout.
type feedWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

func (f *feedWriter) sendPage(p eventstore.Page) error {
	for i := range p.Events {
		e := &p.Events[i]
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "id: %d\nevent: %s\ndata: %s\n\n", e.SequenceID, e.Type, data)
		if err := f.write(b.Bytes()); err != nil {
			return err
		}
	}
	return f.control.Flush()
}

func (f *feedWriter) send(piece []byte) error {
	if err := f.write(piece); err != nil {
		return err
	}
	return f.control.Flush()
}

func (f *feedWriter) write(piece []byte) error {
	// A connection that cannot have a deadline, as in a test, does without.
	_ = f.control.SetWriteDeadline(time.Now().Add(f.timeout))
	_, err := f.w.Write(piece)
	return err
}
