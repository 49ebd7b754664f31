package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
)

// HeaderLastEventID says after which event a feed goes on; it outweighs the parameter after.
const HeaderLastEventID = "Last-Event-Id"

// feeds serves live feeds.
type feeds struct {
	// closing ends them.
	closing context.Context
	config  Config
	log     *zap.Logger
}

// serve writes events until the client goes, the server closes or the last event that was asked for is written. One
// goroutine reads ahead by a page and waits until that is written, so a slow client only slows itself; one that takes
// nothing for Config.WriteTimeout is cut off.
func (s *feeds) serve(w http.ResponseWriter, r *http.Request, admitted api.Admission, request any) error {
	if err := resume(r, request.(*api.FollowLogRequest)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer context.AfterFunc(s.closing, cancel)()
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()

	pages := make(chan api.Page)
	ended := make(chan error, 1)
	following.Go(func() {
		ended <- admitted.Follow(ctx, request, func(p api.Page) error {
			select {
			case pages <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	select {
	case err := <-ended:
		return err
	case begin := <-pages:
		if r.Method != http.MethodHead {
			s.write(w, begin.Next, pages, ended)
		}
		return nil
	}
}

// resume takes over where the client says that it was.
func resume(r *http.Request, request *api.FollowLogRequest) error {
	given, err := single(r.Header, HeaderLastEventID)
	if err != nil {
		return decode.Malformed(err)
	}
	if given == "" {
		return nil
	}
	after, err := strconv.ParseInt(given, 10, 64)
	if err != nil || after < 0 {
		return decode.Malformed(domain.Invalidf(HeaderLastEventID, "must be a sequence_id, got %.40q", given))
	}
	request.After = &after
	return nil
}

// writeFeed returns once the follower has ended or the client takes nothing any more.
func (s *feeds) write(w http.ResponseWriter, after int64, pages <-chan api.Page, ended <-chan error) {
	if live, ok := w.(*response); ok {
		live.live = true
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	out := feedWriter{w: w, control: http.NewResponseController(w), timeout: s.config.WriteTimeout}
	if err := out.send(fmt.Appendf(nil, "retry: 1000\n: begins after %[1]d\nid: %[1]d\n\n", after)); err != nil {
		return
	}
	heartbeat := time.NewTicker(s.config.Heartbeat)
	defer heartbeat.Stop()
	for {
		select {
		case err := <-ended:
			if domain.KindOf(err) == domain.Unavailable {
				s.log.Warn("a live feed ended because the log cannot be read", zap.Error(err))
			}
			if err == nil {
				// The id tells a client that it is at its end, rather than cut off.
				_ = out.send(fmt.Appendf(nil, ": ends\nid: %d\n\n", after))
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

func (f *feedWriter) sendPage(p api.Page) error {
	for i := range p.Events {
		e := &p.Events[i]
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if err := f.write(fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", e.SequenceID, e.Type, data)); err != nil {
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
