package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// screen is where people read: coloured on a terminal, plain in a pipe or under NO_COLOR. Safe for concurrent use,
// since the log and the progress of several parts go to the same one.
type screen struct {
	mu     sync.Mutex
	to     io.Writer
	lost   error // the first error of writing
	colour bool
	width  int // in columns; 0 where it is no terminal
}

func newScreen(to io.Writer) *screen {
	s := &screen{to: to}
	file, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.width = 80
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		s.width = width
	}
	s.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return s
}

// Write passes on what is written.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.to.Write(p)
	if s.lost == nil {
		s.lost = err
	}
	return n, err
}

// failure returns the first error of writing, so that nobody who prints has to look.
func (s *screen) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// isTerminal tells whether somebody watches.
func (s *screen) isTerminal() bool { return s.width > 0 }

// isNarrow tells whether a line has no room for an id beside a text.
func (s *screen) isNarrow() bool { return s.isTerminal() && s.width < 150 }

// printf writes what is formatted; failure tells whether that went well.
func (s *screen) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(s, format, args...)
}

// style is how a text is painted, as the number that terminals know it by.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

func (s *screen) paint(as style, text string) string {
	if !s.colour || as == plain || text == "" {
		return text
	}
	return "\x1b[" + string(as) + "m" + text + "\x1b[0m"
}

// json writes a value as one indented document.
func (s *screen) json(value any) error {
	e := json.NewEncoder(s)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// jsonLine writes a value on a line of its own.
func (s *screen) jsonLine(value any) error {
	e := json.NewEncoder(s)
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// cell is a text of a table and how it is painted.
type cell struct {
	text string
	as   style
}

// table writes aligned rows. Numbers of the named columns are aligned at their end; on a terminal the last column
// is cut where the line ends.
func (s *screen) table(indent int, rightAligned map[int]bool, rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], runewidth.StringWidth(c.text))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		out.WriteString(strings.Repeat(" ", indent))
		at := indent
		for i, c := range row {
			last := i == len(row)-1
			if last && !rightAligned[i] {
				c.text = s.cut(c.text, at)
			}
			gap := strings.Repeat(" ", max(widths[i]-runewidth.StringWidth(c.text), 0))
			switch {
			case rightAligned[i]:
				out.WriteString(gap + s.paint(c.as, c.text))
			case last:
				out.WriteString(s.paint(c.as, c.text))
			default:
				out.WriteString(s.paint(c.as, c.text) + gap)
			}
			if !last {
				out.WriteString("  ")
			}
			at += widths[i] + 2
		}
		out.WriteByte('\n')
	}
	s.printf("%s", out.String())
}

// cut shortens a text to what is left of a line of which some columns are taken; in a pipe it stays whole.
func (s *screen) cut(text string, taken int) string {
	if s.width == 0 {
		return text
	}
	return runewidth.Truncate(text, max(s.width-taken-1, 10), "…")
}

// oneLine makes a text of any origin safe to print on one line: what could move the cursor, change colours or
// reverse the order of letters becomes a space.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d'
	}), " ")
}

// printable keeps the lines of a text and makes the rest of it safe like oneLine.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d') {
			return ' '
		}
		return r
	}, text)
}

// textKeys are the members that say what a memory is about, in the order of preference.
var textKeys = []string{"text", "content", "learning", "statement"}

// gist is a memory's content as one line: where it is no text itself, the text of one of textKeys, or else the longest one in
// it, which says most, or else the JSON.
func gist(content json.RawMessage) string {
	var value any
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return oneLine(string(content))
	}
	if members, ok := value.(map[string]any); ok {
		for _, key := range textKeys {
			if text, ok := members[key].(string); ok && text != "" {
				return oneLine(text)
			}
		}
	}
	if text := longestText(value); text != "" {
		return oneLine(text)
	}
	return oneLine(string(content))
}

func longestText(value any) (longest string) {
	switch v := value.(type) {
	case string:
		return v
	case []any:
		for _, item := range v {
			if text := longestText(item); len(text) > len(longest) {
				longest = text
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if text := longestText(v[key]); len(text) > len(longest) {
				longest = text
			}
		}
	}
	return longest
}
