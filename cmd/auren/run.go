package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/cli"
	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
)

// The exit codes, as the help documents them; jsonimport has two more.
const (
	exitOK     = terminal.ExitOK
	exitFailed = terminal.ExitFailed
	exitUsage  = terminal.ExitUsage
)

// version is stamped by the build.
var version = "dev"

// run executes a command line and returns the exit code. The command's output goes to stdout; errors, the log and
// progress go to stderr. Cancelling ctx shuts the command down gracefully.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &cli.App{Settings: &stack.Settings{Version: version, Stderr: terminal.New(stderr), Log: zap.NewNop()}, Stdin: stdin, Stdout: terminal.New(stdout)}
	err := conclude(a, dispatch(ctx, a, args))
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if said := err.Error(); said != "" {
		_, _ = fmt.Fprintf(a.Stderr, "%s %s\n", a.Stderr.Paint(terminal.Red, "auren:"), config.MaskSecrets(said))
	}
	return exitCode(err)
}

// conclude joins a command's error with that of writing its output. A closed pipe is no error: the reader wanted no more.
func conclude(a *cli.App, err error) error {
	lost := a.Stdout.Failure()
	if errors.Is(err, errShown) || lost != nil && errors.Is(err, lost) {
		err = nil
	}
	if errors.Is(lost, syscall.EPIPE) {
		lost = nil
	}
	return errors.Join(err, lost)
}

// errShown means that the parser has already printed the help or the version that the command line asked for.
var errShown = errors.New("shown")

func dispatch(ctx context.Context, a *cli.App, args []string) error {
	var line commandLine
	shown := false
	dataDir, err := standalone.DefaultDataDir()
	if err != nil {
		return err
	}
	parser, err := kong.New(&line, append(values(),
		kong.Name("auren"),
		kong.Description(description),
		kong.Vars{"version": version, "data_dir": dataDir, "http_addr": config.DefaultHTTPAddr},
		kong.Writers(a.Stdout, a.Stderr),
		kong.Exit(func(int) { shown = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoExpandSubcommands: true}),
		kong.ExplicitGroups(groups()),
	)...)
	if err != nil {
		return err
	}
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parser.Parse(args)
	if shown {
		return errShown
	}
	if err == nil {
		err = checkGiven(parsed)
	}
	if err != nil {
		return cli.UsageError{Err: fmt.Errorf("%w; see %s", unknownCommand(parser, err), helpFor(parser, args))}
	}
	level := "warn"
	if command := parsed.Command(); command == "server" || command == "projector run" {
		level = "info"
	}
	if err := configure(a, line.Config, dataDir, level); err != nil {
		return cli.UsageError{Err: err}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return nameFlag(parsed, parsed.Run(a))
}

// flagOf returns the name of the flag or the argument that sets a field of the API.
func flagOf(field string) string {
	switch field {
	case "agent_id":
		return "agent"
	case "user_id":
		return "user"
	case "memory_type", "memory_types":
		return "type"
	case "event_types":
		return "event-type"
	case "queries[0]":
		return "query"
	}
	if strings.HasPrefix(field, "queries") {
		return "also"
	}
	return strings.NewReplacer("_", "-", "weights.", "weight-").Replace(field)
}

// nameFlag replaces the API's name of a field in an error by that of the flag or the argument.
func nameFlag(parsed *kong.Context, err error) error {
	invalid, ok := errors.AsType[*domain.Error](err)
	if !ok || invalid.Kind != domain.Invalid || invalid.Field == "" {
		return err
	}
	name := flagOf(invalid.Field)
	for _, argument := range parsed.Selected().Positional {
		if argument.Name == name {
			return cli.UsageError{Err: fmt.Errorf("<%s> %s", name, invalid.Message)}
		}
	}
	for _, flag := range parsed.Flags() {
		if flag.Name == name {
			return cli.UsageError{Err: fmt.Errorf("--%s %s", name, invalid.Message)}
		}
	}
	return err
}

// configure applies the settings that all commands share.
func configure(a *cli.App, c config.Config, dataDir, level string) (err error) {
	if err := c.Check(); err != nil {
		return err
	}
	if a.Tenant, err = domain.ParseTenant(c.Tenant); err != nil {
		if invalid, ok := errors.AsType[*domain.Error](err); ok {
			err = errors.New(invalid.Message) // without the field: the flag is named instead
		}
		return fmt.Errorf("--tenant (AUREN_TENANT) %w", err)
	}
	if c.DataDir == "" {
		c.DataDir = dataDir
	}
	a.Config = c
	a.Log, err = observe.NewLogger(a.Stderr, observe.LogConfig{Level: cmp.Or(c.LogLevel, level), Terminal: a.Stderr.Colour})
	return err
}

// unknownCommand turns an unexpected argument into an unknown command where the grammar expects a command.
func unknownCommand(parser *kong.Kong, err error) error {
	failed, ok := errors.AsType[*kong.ParseError](err)
	said, unexpected := strings.CutPrefix(err.Error(), "unexpected argument ")
	if !ok || !unexpected {
		return err
	}
	expecting := cmp.Or(failed.Context.Selected(), parser.Model.Node)
	if len(expecting.Children) == 0 {
		return err
	}
	const nearest = ", did you mean "
	word, near, found := strings.Cut(said, nearest)
	if found {
		near = nearest + near
	}
	return fmt.Errorf("unknown command %q%s", word, near)
}

// helpFor returns the help command that fits a command line best.
func helpFor(parser *kong.Kong, args []string) string {
	named, node := "auren", parser.Model.Node
	for _, arg := range args {
		i := slices.IndexFunc(node.Children, func(command *kong.Node) bool { return command.Name == arg })
		if i >= 0 {
			named, node = named+" "+arg, node.Children[i]
		}
	}
	return named + " --help"
}

func exitCode(err error) int {
	if coded, ok := errors.AsType[cli.ExitError](err); ok {
		return coded.Code
	}
	if _, ok := errors.AsType[cli.UsageError](err); ok || domain.KindOf(err) == domain.Invalid {
		return exitUsage
	}
	return exitFailed
}
