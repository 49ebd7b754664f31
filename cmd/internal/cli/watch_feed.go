package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/fanout"
)

// Since is a moment of the log: a sequence_id or a time; the zero value is now.
type Since struct {
	sequenceID int64
	time       time.Time
}

// ParseSince reads a sequence_id, a duration before now, or a time.
func ParseSince(text string) (Since, error) {
	if position, err := strconv.ParseInt(text, 10, 64); err == nil && position > 0 {
		return Since{sequenceID: position}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return Since{time: time.Now().Add(-ago)}, nil
	}
	t, err := ParseTime(text)
	if err != nil {
		return Since{}, fmt.Errorf("%w; or a duration, e.g. 10m, or a sequence_id", err)
	}
	return Since{time: *t}, nil
}

// feed reads the messages of a tenant in order, each once, over whatever happens to the server and the stream.
type feed struct {
	app      *App
	conn     *nats.Conn
	since    Since
	follow   bool
	subjects []string
	print    func(e *eventstore.Event) error

	waited bool      // for the stream to be made
	last   int64     // the sequence_id that was read last
	at     time.Time // when the stream got that; zero before
}

// errAgain ends a consumer that must be replaced by a new one.
var errAgain = errors.New("the stream went on elsewhere")

func (f *feed) run(ctx context.Context) error {
	js, err := jetstream.New(f.conn)
	if err != nil {
		return err
	}
	began := time.Now()
	for {
		err := f.read(ctx, js)
		switch {
		case err == nil, ctx.Err() != nil, f.app.Stdout.Failure() != nil:
			return err
		case errors.Is(err, jetstream.ErrStreamNotFound) && !f.follow:
			return fmt.Errorf("there is no stream %s yet; %w", fanout.Stream, stack.ErrNoProjector)
		case errors.Is(err, jetstream.ErrStreamNotFound) && !f.waited:
			f.waited = true
			if f.since == (Since{}) {
				f.since.time = began // what makes the stream is news, too
			}
			f.app.Notice("waiting for the first event; is a projector running?")
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// read shows messages until something ends that; nil says that all are shown.
func (f *feed) read(ctx context.Context, js jetstream.JetStream) error {
	stream, err := js.Stream(ctx, fanout.Stream)
	if err != nil {
		return err
	}
	if f.at.IsZero() && !f.waited {
		f.warnTruncated(ctx, stream)
	}
	consumer, err := stream.CreateConsumer(ctx, f.consumer())
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(200), jetstream.PullHeartbeat(2*time.Second), jetstream.PullExpiry(10*time.Second))
	if err != nil {
		return err
	}
	defer messages.Stop()
	pending := consumer.CachedInfo().NumPending
	for n := uint64(1); f.follow || n <= pending; n++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		about, err := m.Metadata()
		if err != nil {
			return err
		}
		if about.Sequence.Consumer != n {
			return errAgain // some were lost on their way
		}
		if err := f.show(m); err != nil {
			return err
		}
		f.at = about.Timestamp
	}
	return nil
}

// consumer begins where reading ended, or else where the person wants it to.
func (f *feed) consumer() jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		FilterSubjects: f.subjects, AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: time.Minute,
		DeliverPolicy: jetstream.DeliverNewPolicy,
	}
	from := f.at
	if from.IsZero() {
		// A message comes after its event, so none is missed.
		from = f.since.time
	}
	switch {
	case !from.IsZero():
		c.DeliverPolicy, c.OptStartTime = jetstream.DeliverByStartTimePolicy, &from
	case f.since.sequenceID > 0:
		c.DeliverPolicy = jetstream.DeliverAllPolicy
	}
	return c
}

func (f *feed) show(m jetstream.Msg) error {
	var e eventstore.Event
	if err := json.Unmarshal(m.Data(), &e); err != nil || e.SequenceID < 1 {
		f.app.Notice("ignored a message on " + terminal.OneLine(m.Subject()) + ": it does not hold an event")
		return nil
	}
	if e.SequenceID <= f.last || e.CreatedAt.Before(f.since.time) {
		return nil
	}
	f.last = e.SequenceID
	return f.print(&e)
}

// warnTruncated says so where the stream no longer reaches back as far as asked.
func (f *feed) warnTruncated(ctx context.Context, stream jetstream.Stream) {
	if f.since == (Since{}) {
		return
	}
	first, err := stream.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(fanout.Subjects(f.app.Tenant, "", "", "")))
	if err != nil {
		return
	}
	var e eventstore.Event
	if err := json.Unmarshal(first.Data, &e); err != nil || e.SequenceID < 2 {
		return
	}
	if f.since.sequenceID > 0 && f.since.sequenceID < e.SequenceID || !f.since.time.IsZero() && f.since.time.Before(e.CreatedAt) {
		f.app.Notice(fmt.Sprintf("the stream begins at event %d; `auren replay --to %d` shows what was before", e.SequenceID, e.SequenceID-1))
	}
}
