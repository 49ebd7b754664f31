// Package stack builds, starts and stops the parts of a running AUREN, and connects to those that run elsewhere.
package stack

import (
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain"
)

// Settings holds what every part is built from.
type Settings struct {
	Config  config.Config
	Tenant  domain.Tenant
	Version string
	Log     *zap.Logger
	// Stderr is the user's terminal, for notices and progress.
	Stderr *terminal.Screen
}

// Notice prints a line on stderr, apart from the command's output.
func (s *Settings) Notice(text string) {
	s.Stderr.Printf("%s\n", s.Stderr.Paint(terminal.Dim, text))
}
