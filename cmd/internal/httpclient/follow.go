package httpclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// Follow makes a call that streams. A feed that is cut off, or says nothing for maxSilence, is asked for again where it
// was; a server that is gone then is an error.
func (c *Client) Follow(ctx context.Context, caller api.Caller, op *api.Operation, request []byte, each func(api.Page) error) error {
	var asked api.FollowLogRequest
	_ = decode.New(op.Request).JSON(request, &asked) // what is wrong with it is the server's to say
	f := &feed{client: c, after: -1, each: each}
	const settled = 5 * time.Second
	for interrupted := false; ; {
		began := time.Now()
		err := f.read(ctx, caller, op, request)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, errCutOff):
			return err
		case asked.Until > 0 && f.after >= asked.Until:
			return nil
		}
		// A server that has lost its database begins each feed and cuts it off again.
		if c.config.Interrupted != nil && (!interrupted || time.Since(began) > settled) {
			c.config.Interrupted()
		}
		interrupted = true
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// errCutOff ends a feed that the server would go on with.
var errCutOff = errors.New("the feed was cut off")

// feed is a stream of server-sent events.
type feed struct {
	client *Client
	// after is the last sequence_id that was looked at; -1 before the feed began.
	after int64
	each  func(api.Page) error
}

// read reads a feed to its end.
func (f *feed) read(ctx context.Context, caller api.Caller, op *api.Operation, request []byte) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, memory, err := newRequest(ctx, f.client.base, f.client.routes[op], caller, request)
	if err != nil {
		return api.ErrorOf(api.ProblemOf(err), memory)
	}
	if f.after >= 0 {
		r.Header.Set(httpapi.HeaderLastEventID, strconv.FormatInt(f.after, 10))
	}
	maxSilence := f.client.maxSilence
	silence := time.AfterFunc(maxSilence, func() { cancel(f.client.silent(maxSilence)) })
	defer silence.Stop()
	response, err := f.client.start(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		a, err := f.client.read(response)
		if err != nil {
			return err
		}
		return f.client.problem(a, memory)
	}
	lines := bufio.NewReaderSize(response.Body, 64<<10)
	var piece []string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return errCutOff
		}
		silence.Reset(maxSilence)
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			piece = append(piece, line)
			continue
		}
		if err := f.take(piece); err != nil {
			return err
		}
		piece = piece[:0]
	}
}

// take passes on one piece: an event, or how far the server has looked.
func (f *feed) take(piece []string) error {
	began := f.after >= 0
	page := api.Page{Events: []eventstore.Event{}, Next: f.after}
	for _, line := range piece {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "id":
			id, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return f.unreadable()
			}
			page.Next = id
		case "data":
			var e eventstore.Event
			if err := json.Unmarshal([]byte(value), &e); err != nil {
				return f.unreadable()
			}
			page.Events = append(page.Events, e)
		}
	}
	if began && page.Next == f.after {
		return nil
	}
	f.after, page.SequenceID = page.Next, page.Next
	return f.each(page)
}

func (f *feed) unreadable() error {
	return &domain.Error{Kind: domain.Internal, Message: fmt.Sprintf("the server at %s sent an event that cannot be read", f.client.base)}
}
