package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// writing has the flags that all commands that change memories share.
type writing struct {
	Actor         string `env:"AUREN_ACTOR" placeholder:"NAME" help:"Who does it; default: the name of your account."`
	Reason        string `placeholder:"TEXT" empty:"" help:"Why; it is kept with the change."`
	CommandID     string `name:"command-id" placeholder:"ID" help:"Makes repeating the command harmless."`
	CorrelationID string `name:"correlation-id" placeholder:"ID" help:"Groups what belongs to one piece of work."`
	JSON          bool   `help:"Print the answer as JSON."`
}

// caller is who sends a command.
func (w *writing) caller(a *App) api.Caller {
	c := a.Caller()
	c.Actor, c.CommandID, c.CorrelationID = cmp.Or(w.Actor, stack.Account()), w.CommandID, w.CorrelationID
	return c
}

// request is what goes with a command that needs the database itself and has an id of its own.
func (w *writing) request(a *App) commands.Request {
	c := w.caller(a)
	return commands.Request{Tenant: c.Tenant, Meta: domain.Meta{
		Actor: c.Actor, Principal: c.Principal, CommandID: c.CommandID, CorrelationID: c.CorrelationID,
	}, Reason: w.Reason}
}

// send sends a command under an id, so that it can be repeated where nobody knows whether it was carried out.
func send[Q, R any](ctx context.Context, a *App, w *writing, door *stack.Door, op api.Query[Q, R], request Q) (R, api.Caller, error) {
	c := w.caller(a)
	c.CommandID = cmp.Or(c.CommandID, uuid.NewString())
	result, err := op.Call(ctx, door, c, request)
	switch {
	case err != nil && ctx.Err() != nil:
		err = fmt.Errorf("interrupted; the command may have been carried out all the same: repeat with --command-id %s", c.CommandID)
	case domain.KindOf(err) == domain.Unavailable:
		said := strings.TrimSuffix(err.Error(), "; repeat it with the same command id") // which is named here
		err = domain.Errorf(domain.Unavailable, "%s; repeat with --command-id %s", said, c.CommandID)
	}
	return result, c, err
}

// writeOne carries out a command on one memory, and prints what became of it.
func writeOne[Q any](ctx context.Context, a *App, w *writing, did string, op api.Query[Q, commands.Receipt], request Q) error {
	door, err := a.OpenDoor(ctx, op.Name)
	if err != nil {
		return err
	}
	defer door.Close()
	receipt, c, err := send(ctx, a, w, door, op, request)
	if err != nil {
		return err
	}
	return w.answer(ctx, a, door, c, did, receipt)
}

// answer prints what became of one command.
func (w *writing) answer(ctx context.Context, a *App, door *stack.Door, c api.Caller, did string, receipt commands.Receipt) error {
	if w.JSON {
		return a.Stdout.JSON(receipt)
	}
	// The receipt of a command that changed nothing names the event of an earlier one.
	at := api.ReadStreamRequest{MemoryID: api.MemoryID{ID: receipt.ID}, From: receipt.Version, Limit: 1}
	if page, err := api.ReadStream.Call(ctx, door, c, at); err == nil && len(page.Events) == 1 {
		if meta, err := page.Events[0].Meta(); err == nil && meta.CommandID != c.CommandID {
			did = "nothing to change:"
		}
	}
	a.Stdout.Printf("%s %s  version %d, sequence_id %d\n", a.Stdout.Paint(terminal.Green, did), receipt.ID, receipt.Version, receipt.SequenceID)
	return nil
}

// ParseID reads the id of a memory or a stream.
func ParseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fmt.Errorf("must be a UUID, e.g. 0192f8a4-7c3e-7d60-b1f2-3a4b5c6d7e8f, got %q", text)
	}
	return id, nil
}

// ParseTime reads an RFC 3339 time or, in local time, one as terminal.Time writes it or a day, which begins at midnight.
func ParseTime(text string) (*time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, terminal.TimeLayout, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("must be a time, e.g. 2026-01-31T08:00:00Z or, in local time, 2026-01-31 08:00:00 or 2026-01-31, got %q", text)
}

// ParseJSON reads a JSON value.
func ParseJSON(text string) (canonjson.Value, error) { return canonjson.Parse([]byte(text)) }

// content turns what was typed, or for "-" stdin, into JSON: a text, or what is said to be JSON already.
func (a *App) content(typed string, isJSON bool) (canonjson.Value, error) {
	if typed == "-" {
		read, err := io.ReadAll(io.LimitReader(a.Stdin, maxInput+1))
		if err != nil {
			return canonjson.Value{}, fmt.Errorf("read stdin: %w", err)
		}
		if len(read) > maxInput {
			return canonjson.Value{}, UsageError{errors.New("stdin holds more than the 1 MiB that a memory may have")}
		}
		if !utf8.Valid(read) {
			return canonjson.Value{}, UsageError{errors.New("stdin is not valid UTF-8")}
		}
		typed = string(read)
	}
	if isJSON {
		value, err := ParseJSON(typed)
		if err != nil {
			return value, UsageError{fmt.Errorf("<content> %w", err)}
		}
		return value, nil
	}
	return canonjson.Text(typed), nil
}

// noFlag stands where a flag is looked for and an argument is meant.
type noFlag struct{}

// UnmarshalText refuses whatever it is given.
func (*noFlag) UnmarshalText([]byte) error {
	return errors.New("<content> is an argument, not a flag: leave out --content")
}

// maxInput leaves room for the white space of JSON written for people.
const maxInput = 4 << 20
