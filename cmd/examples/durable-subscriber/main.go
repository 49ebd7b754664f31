// Durable-subscriber applies every change of a tenant once and in order, whenever it is killed and whatever NATS
// loses. It is an example to copy: put your own effect in place of ledger.apply.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// settings are from the environment.
type settings struct {
	nats, api string
	// tenant is also a token of a subject: letters, digits, - and _ stand for themselves there, see docs/subscribers.md.
	tenant string
	// durable is what the server keeps this subscriber's place under. Two subscribers of one name share the messages.
	durable string
	ledger  string
}

func main() {
	s := settings{
		nats:    cmp.Or(os.Getenv("AUREN_NATS_URL"), "nats://127.0.0.1:4222"),
		api:     cmp.Or(os.Getenv("AUREN_URL"), "http://127.0.0.1:7430"),
		tenant:  cmp.Or(os.Getenv("AUREN_TENANT"), "default"),
		durable: cmp.Or(os.Getenv("DURABLE"), "ledger"),
		ledger:  cmp.Or(os.Getenv("LEDGER"), "ledger.jsonl"),
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run follows until ctx ends; an error says that somebody has to look.
func run(ctx context.Context, s settings) error {
	for ctx.Err() == nil {
		err := follow(ctx, s)
		if errors.Is(err, errAnotherHistory) {
			return err
		}
		if ctx.Err() == nil {
			log.Printf("trying again: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

// follow applies messages until something fails; beginning again is all that it takes to recover.
func follow(ctx context.Context, s settings) error {
	l, err := openLedger(s.ledger, s.tenant)
	if err != nil {
		return err
	}
	defer l.close()
	conn, err := nats.Connect(s.nats, nats.Name(s.durable), nats.MaxReconnects(-1))
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	// The whole tenant, since only its sequence_ids have no gaps: choose agents, users and types in the effect.
	consumer, err := js.CreateOrUpdateConsumer(ctx, "AUREN_EVENTS", jetstream.ConsumerConfig{
		Durable: s.durable, FilterSubject: "auren.evt." + s.tenant + ".>",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: 10 * time.Second, MaxAckPending: 256,
	})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(128))
	if err != nil {
		return err
	}
	defer messages.Stop()
	log.Printf("going on after event %d", l.last)
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if err := receive(ctx, s, l, m); err != nil {
			return err // without an ack, so that the message comes again
		}
		if err := m.Ack(); err != nil {
			return err
		}
	}
}

// receive brings the ledger up to a message, which may be old, the next one, or one before which others are missing.
func receive(ctx context.Context, s settings, l *ledger, m jetstream.Msg) error {
	n, err := strconv.ParseInt(m.Headers().Get("ce-sequenceid"), 10, 64)
	if err != nil {
		return fmt.Errorf("a message without ce-sequenceid: %w", err)
	}
	if again, err := l.holds(n, m.Headers().Get("ce-id")); again || err != nil {
		return err
	}
	if whole := m.Headers().Get("ce-dataref") == ""; n == l.last+1 && whole {
		return l.apply(m.Data())
	}
	// Older than the stream keeps messages, delivered to a process that died before the ack, or larger than a message.
	return refill(ctx, s, l, n)
}

// refill applies the events up to and including one of them from the log.
func refill(ctx context.Context, s settings, l *ledger, until int64) error {
	log.Printf("reading events %d to %d from the log", l.last+1, until)
	for l.last < until {
		url := fmt.Sprintf("%s/v1/events?after=%d&until=%d&category=*&limit=500", s.api, l.last, until)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		request.Header.Set("Auren-Tenant", s.tenant)
		if err := applyPage(l, request); err != nil {
			return err
		}
	}
	return nil
}

func applyPage(l *ledger, request *http.Request) error {
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("read the log: %s", answer.Status)
	}
	var page struct {
		Events []json.RawMessage `json:"events"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if len(page.Events) == 0 {
		return fmt.Errorf("the log ends at event %d: is it another one than the stream's?", l.last)
	}
	for i, event := range page.Events {
		if err := l.apply(event); err != nil {
			return fmt.Errorf("event %d of the page: %w", i+1, err)
		}
	}
	return nil
}
