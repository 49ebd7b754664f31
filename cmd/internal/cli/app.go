// Package cli holds the subcommands of auren: read the flags, do it, print the answer.
package cli

import (
	"io"

	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// App is what every command is given: the settings and where to read and write.
type App struct {
	*stack.Settings
	Stdin  io.Reader
	Stdout *terminal.Screen
}

// answer prints a value as JSON, or else for people.
func (a *App) answer(asJSON bool, value any, print func()) error {
	if asJSON {
		return a.Stdout.JSON(value)
	}
	print()
	return nil
}

// UsageError is a command line, a setting or an input that can never work as it stands.
type UsageError struct{ Err error }

// Unwrap returns what is wrong with it.
func (e UsageError) Unwrap() error { return e.Err }

// Error says what is wrong with it.
func (e UsageError) Error() string { return e.Err.Error() }

// ExitError ends the process with a code of its own.
type ExitError struct {
	error
	Code int
}

// Version is `auren version`.
type Version struct{}

// Run prints the version that the build stamped.
func (*Version) Run(a *App) error {
	a.Stdout.Printf("auren %s\n", a.Version)
	return nil
}
