package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
)

// Up is `auren up`.
type Up struct {
	Demo bool `help:"Import a sample of old JSON files and show what AUREN does with them."`
	Once bool `help:"With --demo: end after the show."`
}

// Run starts everything in this process, but for the servers that the settings name, and stays up until ctx ends.
func (c *Up) Run(ctx context.Context, a *App) (err error) {
	if c.Once && !c.Demo {
		return UsageError{errors.New("--once goes with --demo")}
	}
	l := stack.NewLifecycle(a.Log)
	defer func() { err = errors.Join(stack.UnlessInterrupted(ctx, err), c.stop(a, l)) }()
	began := time.Now()
	s, err := a.StartStack(ctx, l)
	if err != nil {
		return err
	}
	c.announce(a, s, time.Since(began))
	if c.Demo {
		if err := (demo{a, s}).show(ctx); err != nil || c.Once {
			return err
		}
	}
	c.suggest(a, s.URL())
	return l.Wait(ctx)
}

func (*Up) stop(a *App, l *stack.Lifecycle) error {
	if !l.Started() {
		return nil
	}
	began := time.Now()
	err := l.Stop()
	if err == nil {
		a.Stdout.Printf("%s\n", a.Stdout.Paint(terminal.Dim, "stopped cleanly in "+terminal.Duration(time.Since(began))))
	}
	return err
}

// announce says what is up, and where.
func (*Up) announce(a *App, s *stack.Stack, after time.Duration) {
	out := a.Stdout
	where := "private, in " + filepath.Join(a.Config.DataDir, "postgres")
	if !s.Private {
		where = a.Config.DSN.String()
	}
	nats := config.MaskSecrets(s.NATSURL)
	out.Printf("%s %s\n", out.Paint(terminal.Bold, "AUREN "+a.Version+" is up"), out.Paint(terminal.Dim, "(after "+terminal.Duration(after)+")"))
	out.Table(2, nil, [][]terminal.Cell{
		{{"API", terminal.Dim}, {s.URL() + "/v1", terminal.Cyan}, {s.URL() + "/openapi.json", terminal.Dim}},
		{{"NATS", terminal.Dim}, {nats, terminal.Cyan}, {"subjects auren.evt.>", terminal.Dim}},
		{{"PostgreSQL", terminal.Dim}, {where, terminal.Plain}},
	})
}

// suggest says what to try next, to be copied as it stands.
func (*Up) suggest(a *App, url string) {
	out, self := a.Stdout, a.self()
	out.Printf("\n%s\n", out.Paint(terminal.Bold, "Try next"))
	curl := "curl -s -H 'content-type: application/json' "
	if a.Tenant != domain.DefaultTenant {
		curl += "-H " + terminal.Quoted("auren-tenant: "+string(a.Tenant)) + " "
	}
	for _, line := range []string{
		curl + terminal.Quoted(url+"/v1/memories") + ` -d '{"agent_id": "fitness_coach", "user_id": "ana", "content": "prefers to train before breakfast"}'`,
		self + ` recall "when does she like to train?" --user ana`,
		curl + terminal.Quoted(url+"/v1/memories/search") + ` -d '{"query": "when does she like to train?", "user_id": "ana"}'`,
		self + ` replay --follow`,
		self + ` status`,
	} {
		out.Printf("  %s\n", line)
	}
	out.Printf("\n%s\n", out.Paint(terminal.Dim, "Ctrl-C stops everything in order."))
}

// self is how to call this program for the stack that runs.
func (a *App) self() string {
	self := terminal.Quoted(os.Args[0])
	if filepath.Base(os.Args[0]) == os.Args[0] {
		self = "auren"
	}
	if standard, err := standalone.DefaultDataDir(); err != nil || a.Config.DataDir != standard {
		self += " --data-dir " + terminal.Quoted(a.Config.DataDir)
	}
	if a.Tenant != domain.DefaultTenant {
		self += " --tenant " + terminal.Quoted(string(a.Tenant))
	}
	return self
}
