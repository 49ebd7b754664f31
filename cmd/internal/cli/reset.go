package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/term"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections/fanout"
)

// Reset is `auren reset`.
type Reset struct {
	Yes bool `help:"Do not ask. Needed where nobody can be asked."`
}

// Run deletes everything, once a person or --yes has confirmed it, and leaves an empty schema.
func (c *Reset) Run(ctx context.Context, a *App) error {
	dsn, err := a.DatabaseDSN()
	if err != nil {
		return err
	}
	pool, err := a.ConnectAs(ctx, "auren reset")
	if err != nil {
		return err
	}
	defer pool.Close()
	target := database.Target(pool)
	if !c.Yes {
		var name string
		if err := pool.QueryRow(ctx, "select current_database()").Scan(&name); err != nil {
			return err
		}
		if err := a.confirm(ctx, name, target); err != nil {
			return err
		}
	}
	// The stream goes first: a relay that meets a message of an event that the log does not hold stands still.
	if err := a.deleteStream(ctx); err != nil {
		return err
	}
	if err := migrations.Reset(ctx, dsn); err != nil {
		return err
	}
	a.Stdout.Printf("deleted everything in %s\n", target)
	return a.migrate(ctx, dsn)
}

// confirm has a person type the name of the database.
func (a *App) confirm(ctx context.Context, name, target string) error {
	file, ok := a.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return UsageError{fmt.Errorf("reset deletes everything in %s and nobody can be asked: say --yes", target)}
	}
	a.Stderr.Printf("This deletes every memory and the whole log in %s, for good.\nType the name of the database (%s) to go on: ",
		a.Stderr.Paint(terminal.Bold, target), a.Stderr.Paint(terminal.Bold, name))
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(file).ReadString('\n') // what cannot be read is not the name
		typed <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case answer := <-typed:
		if answer != name {
			return errors.New("that is not its name; nothing was deleted")
		}
		return nil
	}
}

// deleteStream deletes what was fanned out, where a NATS server is configured or runs with the stack.
func (a *App) deleteStream(ctx context.Context) error {
	url := a.NATSURL()
	if url == "" {
		a.Stderr.Printf("%s no --nats-url (AUREN_NATS_URL) is set: delete the stream %s of your NATS server, or its relay will stand still\n",
			a.Stderr.Paint(terminal.Yellow, "auren:"), fanout.Stream)
		return nil
	}
	conn, err := a.DialNATS(url, "auren reset")
	if err != nil {
		return fmt.Errorf("delete the stream %s, nothing was deleted yet: %w", fanout.Stream, err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err == nil {
		err = js.DeleteStream(ctx, fanout.Stream)
	}
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("delete the stream %s, nothing was deleted yet: %w", fanout.Stream, err)
	}
	return nil
}
