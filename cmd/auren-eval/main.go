// Auren-eval measures how well recall finds what a question needs, on conversations whose answers are known (docs/evaluation.md).
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone"
)

// The exit codes are those of auren.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// version is stamped by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// commandLine is the grammar of the command line.
type commandLine struct {
	Files   []string      `arg:"" name:"file" help:"JSON files of conversations with questions, as docs/evaluation.md describes them."`
	With    []string      `sep:"none" placeholder:"NAME=JSON" help:"A field to add to every search, e.g. neighbors=false; repeat it for more."`
	Limit   int           `default:"20" placeholder:"N" help:"How many results to ask for (20 to 100, default ${default})."`
	Shuffle bool          `help:"Remember in random order, a day apart and without sessions: neighbours then have nothing to do with each other."`
	Typos   bool          `help:"Put one typo into each question."`
	Seed    uint64        `default:"1" placeholder:"N" help:"What the random order and the typos depend on (default ${default})."`
	JSON    string        `name:"json" placeholder:"FILE" help:"Write the figures and the result of each question to a file."`
	Against string        `placeholder:"FILE" help:"Compare recall@10 with that of an earlier run, which wrote this file with --json."`
	URL     string        `env:"AUREN_URL" placeholder:"URL" help:"AUREN server to use, which keeps the memories (default: a private one that is removed afterwards). Set its key in AUREN_KEY."`
	Key     config.Secret `env:"AUREN_KEY" hidden:""`
	Tenant  string        `env:"AUREN_TENANT" default:"default" placeholder:"NAME" help:"The tenant to work in (default ${default})."`
	DataDir string        `env:"AUREN_DATA_DIR" default:"${data_dir}" placeholder:"DIR" help:"Where the private server has its files (default ${default})."`

	fields map[string]any // of With
}

// usageError is a command line or an input that can never work.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run evaluates as a command line says and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out, errs := terminal.New(stdout), terminal.New(stderr)
	err := carryOut(ctx, args, out, errs)
	if err == nil {
		err = out.Failure()
	}
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	errs.Printf("%s %s\n", errs.Paint(terminal.Red, "auren-eval:"), config.MaskSecrets(err.Error()))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

func carryOut(ctx context.Context, args []string, out, errs *terminal.Screen) (err error) {
	line, shown, err := parse(args, out, errs)
	if err != nil || shown {
		return err
	}
	mode, err := line.check()
	if err != nil {
		return err
	}
	sets, err := readSets(line.Files)
	if err != nil {
		return err
	}
	before, err := readBefore(line.Against, sets)
	if err != nil {
		return err
	}
	r := &report{Version: version, Server: line.URL, Mode: mode, Seed: line.Seed, Limit: line.Limit}
	for _, s := range sets {
		s.transform(line.Shuffle, line.Typos, line.Seed)
	}
	server, err := open(ctx, line, errs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	bar := terminal.NewProgress(errs)
	for _, s := range sets {
		answers, err := server.evaluate(ctx, s, bar)
		bar.End(err == nil)
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		r.Sets = append(r.Sets, score(s, answers, before))
	}
	r.print(out, line.Against)
	return r.write(line.JSON)
}

// parse reads the command line; shown says that it asked for help and was answered.
func parse(args []string, out, errs *terminal.Screen) (line *commandLine, shown bool, err error) {
	dataDir, err := standalone.DefaultDataDir()
	if err != nil {
		return nil, false, err
	}
	line = &commandLine{}
	parser, err := kong.New(line,
		kong.Name("auren-eval"),
		kong.Description("Measures how well recall finds what a question needs, on conversations whose answers are known (docs/evaluation.md)."),
		kong.Vars{"data_dir": dataDir},
		kong.Writers(out, errs),
		kong.Exit(func(int) { shown = true }),
	)
	if err != nil {
		return nil, false, err
	}
	_, err = parser.Parse(args)
	if shown {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, usagef("%w; see auren-eval --help", err)
	}
	return line, false, nil
}

// check reads the fields of --with, refuses what cannot work before anything is started, and names how the run differs from a plain one.
func (c *commandLine) check() (mode string, err error) {
	if c.Limit < 20 || c.Limit > 100 {
		return "", usagef("--limit must be 20 to 100, got %d", c.Limit)
	}
	c.fields = map[string]any{}
	for _, field := range c.With {
		name, value, _ := strings.Cut(field, "=")
		switch {
		case !json.Valid([]byte(value)):
			return "", usagef(`--with must be a name, = and a JSON value, e.g. neighbors=false or order='"created"', got %s`, field)
		case slices.Contains([]string{"query", "agent_id", "user_id", "limit", "min_sequence_id"}, name):
			return "", usagef("--with %s: auren-eval sets this field itself", name)
		case c.fields[name] != nil:
			return "", usagef("--with %s must be given once", name)
		}
		c.fields[name] = json.RawMessage(value)
	}
	parts := slices.Sorted(slices.Values(c.With))
	if c.Shuffle {
		parts = append(parts, "shuffled")
	}
	if c.Typos {
		parts = append(parts, "typos")
	}
	return cmp.Or(strings.Join(parts, ", "), "default"), nil
}
