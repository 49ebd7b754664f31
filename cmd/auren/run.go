package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/bench"
	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
)

// The exit codes, as the help documents them; an import has two more, those of jsonimport.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run carries out a command line and returns the exit code. What was asked for goes to stdout; errors, the log and
// progress go to stderr. Ending ctx ends the command in order.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: newScreen(stdout), stderr: newScreen(stderr), log: zap.NewNop()}
	err := a.conclude(a.dispatch(ctx, args))
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if said := err.Error(); said != "" {
		_, _ = fmt.Fprintf(a.stderr, "%s %s\n", a.stderr.paint(red, "auren:"), maskSecrets(said))
	}
	return exitCode(err)
}

// conclude adds to how a command ended that its answer was lost. A reader who went away lost nothing.
func (a *app) conclude(err error) error {
	lost := a.stdout.failure()
	if errors.Is(err, errShown) || lost != nil && errors.Is(err, lost) {
		err = nil
	}
	if errors.Is(lost, syscall.EPIPE) {
		lost = nil
	}
	return errors.Join(err, lost)
}

// errShown says that the command line asked for help or the version, and was answered while it was parsed.
var errShown = errors.New("shown")

func (a *app) dispatch(ctx context.Context, args []string) error {
	var line commandLine
	shown := false
	dataDir, err := standalone.DefaultDataDir()
	if err != nil {
		return err
	}
	parser, err := kong.New(&line, append(texts(),
		kong.Name("auren"),
		kong.Description(description),
		kong.Vars{"version": version, "data_dir": dataDir, "http_addr": config.DefaultHTTPAddr, "scenarios": strings.Join(bench.Names(), ",")},
		kong.Writers(a.stdout, a.stderr),
		kong.Exit(func(int) { shown = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoExpandSubcommands: true}),
		kong.ExplicitGroups(groups()),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(readDuration)),
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
		return usageError{fmt.Errorf("%w; see %s", unknownCommand(parser, err), helpFor(parser, args))}
	}
	level := "warn"
	if command := parsed.Command(); command == "server" || command == "projector run" {
		level = "info"
	}
	if err := a.configure(line.Config, dataDir, level); err != nil {
		return usageError{err}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(a)
}

// configure takes over the settings that every command shares.
func (a *app) configure(c config.Config, dataDir, level string) (err error) {
	if err := c.Check(); err != nil {
		return err
	}
	if a.tenant, err = domain.ParseTenant(c.Tenant); err != nil {
		if invalid, ok := errors.AsType[*domain.Error](err); ok {
			err = errors.New(invalid.Message) // the flag says what its field would
		}
		return fmt.Errorf("--tenant (AUREN_TENANT) %w", err)
	}
	if c.DataDir == "" {
		c.DataDir = dataDir
	}
	a.config = c
	a.log, err = observe.NewLogger(a.stderr, observe.LogConfig{Level: cmp.Or(c.LogLevel, level), Terminal: a.stderr.colour})
	return err
}

// readDuration reads a setting or a flag that is one.
func readDuration(given *kong.DecodeContext, into reflect.Value) error {
	var text string
	if err := given.Scan.PopValueInto("duration", &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is no duration such as 30s or 5m", text)
	}
	into.SetInt(int64(d))
	return nil
}

// unknownCommand speaks of a command where the grammar speaks of an argument because it expects one.
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

// helpFor names the help that fits the command line best.
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

// usageError is a command line, a setting or an input that can never work as it stands.
type usageError struct{ error }

// Unwrap returns what is wrong with it.
func (e usageError) Unwrap() error { return e.error }

// codedError ends the process with a code of its own.
type codedError struct {
	error
	code int
}

// Unwrap returns the reason.
func (e codedError) Unwrap() error { return e.error }

func exitCode(err error) int {
	if coded, ok := errors.AsType[codedError](err); ok {
		return coded.code
	}
	if _, ok := errors.AsType[usageError](err); ok || domain.KindOf(err) == domain.Invalid {
		return exitUsage
	}
	return exitFailed
}

// maskSecrets is the last line of defence: whatever an error repeats of a command line or of a driver's words,
// no password leaves the process.
func maskSecrets(text string) string {
	text = urlSecret.ReplaceAllStringFunc(text, func(found string) string {
		if found == "://user:password@" {
			return found // our own advice
		}
		return "://***@"
	})
	text = keySecret.ReplaceAllString(text, "${1}***")
	return strings.TrimSpace(text)
}
