package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/jsonimport/sample"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/queries"
)

const (
	demoAgent    = "neuroscientist"
	demoUser     = sample.User
	demoQuestion = "what helps against redness of the skin?"
)

// demo shows the whole path on sample data.
type demo struct {
	*App
	*stack.Stack
}

// show goes through it. It can be shown again and again: only the last step adds an event.
func (s demo) show(ctx context.Context) error {
	for i, step := range []struct {
		title string
		show  func(context.Context) error
	}{
		{"A tree of old JSON files becomes memories", s.importSample},
		{"A question finds what is remembered: " + demoQuestion, s.recall},
		{"Nothing is lost: the history of one memory, event by event", s.history},
		{"Every change arrives on its NATS subject", s.message},
	} {
		s.Stdout.Printf("\n%s\n", s.Stdout.Paint(terminal.Bold, fmt.Sprintf("%d  %s", i+1, step.title)))
		if err := step.show(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s demo) importSample(ctx context.Context) error {
	out, dir := s.Stdout, filepath.Join(s.Config.DataDir, "sample")
	if err := writeSample(dir); err != nil {
		return err
	}
	zone, err := jsonimport.ParseZone(sample.TimeZone)
	if err != nil {
		return err
	}
	rejects := filepath.Join(s.Config.DataDir, "sample-rejects.jsonl")
	report, err := importJSON(ctx, s.Client, jsonimport.Options{
		Root: dir, User: demoUser, Zone: zone, Rejects: rejects, Request: commands.Request{Tenant: s.Tenant},
	})
	if err != nil {
		return err
	}
	printReport(out, report)
	if said, ok := verified(report); !ok {
		return errors.New(said)
	}
	added := out.Paint(terminal.Green, terminal.Count(report.Total.Added, "new memory"))
	if report.Total.Added == 0 {
		added += ": all of them were here already"
	}
	out.Printf("%s\n", added)
	if n := report.Total.Rejected; n > 0 {
		out.Printf("%s\n", out.Paint(terminal.Dim, terminal.Count(n, "record")+" broken on purpose"))
	}
	return nil
}

// writeSample writes the files once: the directory exists only when it is complete.
func writeSample(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := dir + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.MkdirAll(unfinished, 0o700); err != nil {
		return err
	}
	if _, err := sample.Write(unfinished, sample.Options{}); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

func (s demo) recall(ctx context.Context) error {
	head, err := s.Events.Head(ctx, s.Tenant)
	if err != nil {
		return err
	}
	began := time.Now()
	result, err := s.Reader.Search(ctx, s.Tenant, queries.SearchRequest{Query: demoQuestion, Limit: 5}, queries.At{MinSequenceID: head.SequenceID})
	if err != nil {
		return err
	}
	s.Stdout.Printf("%s\n", s.Stdout.Paint(terminal.Dim, fmt.Sprintf("%s in %s", terminal.Count(len(result.Hits), "result"), terminal.Duration(time.Since(began)))))
	printHits(s.Stdout, result.Hits)
	return nil
}

// request names a command, so that showing it again does nothing.
func (s demo) request(id, reason string) commands.Request {
	return commands.Request{Tenant: s.Tenant, Meta: domain.Meta{Actor: demoAgent, CommandID: id}, Reason: reason}
}

func demoID(name string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/auren-memory/auren/demo/"+name))
}

func (s demo) history(ctx context.Context) error {
	id, h := demoID("coffee"), s.Handler
	_, err := h.Remember(ctx, s.request("auren-demo-coffee-1", "first conversation"), commands.Remember{ID: &id, Draft: memory.Draft{
		AgentID: demoAgent, UserID: demoUser, Type: "hypothesis", Confidence: new(0.4),
		Content: canonjson.Text("Coffee in the afternoon does not seem to touch her sleep."),
	}})
	if err == nil {
		_, err = h.RecordEvidence(ctx, s.request("auren-demo-coffee-2", ""), id,
			memory.Evidence{Weight: new(0.4), Note: "five hours of sleep after two afternoon coffees"})
	}
	if err == nil {
		_, err = h.Revise(ctx, s.request("auren-demo-coffee-3", "three nights compared"), id,
			memory.Revision{Content: canonjson.Text("Coffee after two o'clock costs her about an hour of sleep.")})
	}
	if err == nil {
		_, err = h.RecordEvidence(ctx, s.request("auren-demo-coffee-4", ""), id,
			memory.Evidence{Supports: true, Weight: new(0.5), Note: "a week without: an hour more each night"})
	}
	if err != nil {
		return err
	}
	events, _, err := s.Events.ReadStream(ctx, s.Tenant, id, 1, eventstore.Forwards, 20)
	if err != nil {
		return err
	}
	p := eventPrinter{to: s.Stdout, layout: memoryLayout}
	if err := p.print(events...); err != nil {
		return err
	}
	s.Stdout.Printf("%s\n", s.Stdout.Paint(terminal.Dim, "its versions: "+s.self()+" show "+id.String()+" --history"))
	return nil
}

// message changes a memory and waits for the message that says so.
func (s demo) message(ctx context.Context) error {
	const patience = 15 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := s.DialNATS(s.NATSURL, "auren demo")
	if err != nil {
		return err
	}
	defer conn.Close()
	messages, err := conn.SubscribeSync(fanout.Subjects(s.Tenant, "", "", ""))
	if err != nil {
		return err
	}
	if err := conn.FlushWithContext(ctx); err != nil {
		return err
	}
	id := demoID("shown")
	if _, err := s.Handler.Remember(ctx, s.request("auren-demo-shown", ""), commands.Remember{ID: &id, Draft: memory.Draft{AgentID: demoAgent, UserID: demoUser, Type: "fact", Content: canonjson.MustParse(`"The demo was shown."`)}}); err != nil {
		return err
	}
	began := time.Now()
	content := canonjson.Text("The demo was last shown at " + began.Format(time.RFC3339Nano) + ".")
	receipt, err := s.Handler.Revise(ctx, s.request("", "shown again"), id, memory.Revision{Content: content})
	if err != nil {
		return err
	}
	for {
		m, err := messages.NextMsgWithContext(ctx)
		if err != nil {
			return fmt.Errorf("no message of event %s came within %s: %w", receipt.EventID, patience, err)
		}
		if m.Header.Get("ce-id") == receipt.EventID.String() {
			s.printMessage(m, time.Since(began))
			return nil
		}
	}
}

func (s demo) printMessage(m *nats.Msg, after time.Duration) {
	out := s.Stdout
	out.Printf("%s %s\n", out.Paint(terminal.Cyan, m.Subject), out.Paint(terminal.Dim, "("+terminal.Duration(after)+" after the command)"))
	var rows [][]terminal.Cell
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		if strings.HasPrefix(name, "Nats-Expected-") {
			continue // between the relay and JetStream
		}
		rows = append(rows, []terminal.Cell{{name, terminal.Dim}, {terminal.OneLine(strings.Join(m.Header[name], ", ")), terminal.Plain}})
	}
	out.Table(2, nil, rows)
}
