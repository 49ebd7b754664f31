package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes of all programs.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// UsageError is a command line or an input that can never work.
type UsageError struct{ Err error }

// Error says what is wrong with it.
func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// Main runs a program until it ends or a signal ends its context, and exits with its code. A second signal ends the process at once.
func Main(run func(ctx context.Context) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx))
}

// Program is a program of one command.
type Program struct {
	Name, Description string
	// Grammar is the grammar of kong for the command line, which it is read into.
	Grammar any
	// Vars are the variables of the grammar.
	Vars kong.Vars
	// Mask takes secrets out of an error; default none.
	Mask func(text string) string
	// Do does what the command line says.
	Do func(ctx context.Context, out, errs *Screen) error
}

// Run runs the program and returns its exit code.
func (p Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out, errs := New(stdout), New(stderr)
	shown, err := p.parse(args, out, errs)
	if err == nil && !shown {
		if err = p.Do(ctx, out, errs); err == nil {
			err = out.Failure()
		}
	}
	if err == nil {
		return ExitOK
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	text := err.Error()
	if p.Mask != nil {
		text = p.Mask(text)
	}
	errs.Printf("%s %s\n", errs.Paint(Red, p.Name+":"), text)
	if _, ok := errors.AsType[UsageError](err); ok {
		return ExitUsage
	}
	return ExitFailed
}

// parse reads the command line; shown says that it asked for help and was answered.
func (p Program) parse(args []string, out, errs *Screen) (shown bool, err error) {
	parser, err := kong.New(p.Grammar, kong.Name(p.Name), kong.Description(p.Description), p.Vars, kong.Writers(out, errs), kong.Exit(func(int) { shown = true }))
	if err != nil {
		return false, err
	}
	_, err = parser.Parse(args)
	switch {
	case shown:
		return true, nil
	case err != nil:
		return false, Usagef("%w; see %s --help", err, p.Name)
	}
	return false, nil
}
