// Package terminal prints for people: tables, colours, progress and numbers, each as wide as the terminal or plain in a pipe.
package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Screen is an output for people: coloured on a terminal, plain in a pipe or under NO_COLOR. It is safe for concurrent
// use, since the log and the progress of several parts share one.
type Screen struct {
	mu     sync.Mutex
	to     io.Writer
	lost   error // the first error of writing
	Colour bool
	Width  int // in columns; 0 where it is no terminal
}

// New returns a screen that writes to a terminal, a file or a pipe.
func New(to io.Writer) *Screen {
	s := &Screen{to: to}
	file, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.Width = 80
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		s.Width = width
	}
	s.Colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return s
}

// Write passes on what is written.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.to.Write(p)
	if s.lost == nil {
		s.lost = err
	}
	return n, err
}

// Failure returns the first error of writing, so that callers need not check each write.
func (s *Screen) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// IsTerminal reports whether the output is a terminal.
func (s *Screen) IsTerminal() bool { return s.Width > 0 }

// IsNarrow tells whether a line has no room for an id beside a text.
func (s *Screen) IsNarrow() bool { return s.IsTerminal() && s.Width < 150 }

// Printf writes what is formatted; failure tells whether that went well.
func (s *Screen) Printf(format string, args ...any) {
	_, _ = fmt.Fprintf(s, format, args...)
}

// Style is how a text is painted, as the number that terminals know it by.
type Style string

// The styles.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Cyan   Style = "36"
)

// Paint returns a text in a style, or as it is where there are no colours.
func (s *Screen) Paint(as Style, text string) string {
	if !s.Colour || as == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(as) + "m" + text + "\x1b[0m"
}

// JSON writes a value as one indented document.
func (s *Screen) JSON(value any) error {
	e := json.NewEncoder(s)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// JSONLine writes a value on a line of its own.
func (s *Screen) JSONLine(value any) error {
	e := json.NewEncoder(s)
	e.SetEscapeHTML(false)
	return e.Encode(value)
}
