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
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone"
)

// version is stamped by the build.
var version = "dev"

func main() {
	terminal.Main(func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdout, os.Stderr) })
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

// run evaluates as a command line says and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	line := &commandLine{}
	dataDir, err := standalone.DefaultDataDir()
	return terminal.Program{
		Name: "auren-eval", Grammar: line, Mask: config.MaskSecrets, Vars: kong.Vars{"data_dir": dataDir},
		Description: "Measures how well recall finds what a question needs, on conversations whose answers are known (docs/evaluation.md).",
		Do: func(ctx context.Context, out, errs *terminal.Screen) error {
			if err != nil {
				return err
			}
			return line.carryOut(ctx, out, errs)
		},
	}.Run(ctx, args, stdout, stderr)
}

func (c *commandLine) carryOut(ctx context.Context, out, errs *terminal.Screen) (err error) {
	mode, err := c.check()
	if err != nil {
		return err
	}
	sets, err := readSets(c.Files)
	if err != nil {
		return err
	}
	before, err := readBefore(c.Against, sets)
	if err != nil {
		return err
	}
	r := &report{Version: version, Server: c.URL, Mode: mode, Seed: c.Seed, Limit: c.Limit}
	for _, s := range sets {
		s.transform(c.Shuffle, c.Typos, c.Seed)
	}
	server, err := open(ctx, c, errs)
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
	r.print(out, c.Against)
	return r.write(c.JSON)
}

// check reads the fields of --with, refuses what cannot work before anything is started, and names how the run differs from a plain one.
func (c *commandLine) check() (mode string, err error) {
	if c.Limit < 20 || c.Limit > 100 {
		return "", terminal.Usagef("--limit must be 20 to 100, got %d", c.Limit)
	}
	c.fields = map[string]any{}
	for _, field := range c.With {
		name, value, _ := strings.Cut(field, "=")
		switch {
		case !json.Valid([]byte(value)):
			return "", terminal.Usagef(`--with must be a name, = and a JSON value, e.g. neighbors=false or order='"created"', got %s`, field)
		case slices.Contains([]string{"query", "agent_id", "user_id", "limit", "min_sequence_id"}, name):
			return "", terminal.Usagef("--with %s: auren-eval sets this field itself", name)
		case c.fields[name] != nil:
			return "", terminal.Usagef("--with %s must be given once", name)
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
