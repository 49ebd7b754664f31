package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// set is a file of conversations.
type set struct {
	path, name    string // the name is that of the file without its folder
	conversations []*conversation
}

type conversation struct {
	Name      string `json:"conversation"`
	Turns     []turn
	Questions []question

	sessions map[string]string // of each turn, by its id; none where it has none
}

// turn is what becomes a memory.
type turn struct {
	ID      string
	Session label
	SaidAt  string `json:"said_at"`
	Speaker string
	Text    string
	Caption string `json:"image_caption"`

	at time.Time
}

type question struct {
	Question string
	Category label
	Evidence []string

	asked string // with a typo, if there shall be one
}

// label is a string or a number.
type label struct{ json.RawMessage }

func (l label) String() string {
	if text := strings.Trim(string(l.RawMessage), `"`); text != "null" {
		return text
	}
	return ""
}

// readSets reads and checks files; each error is a usageError that names the file and the place in it.
func readSets(paths []string) (sets []*set, err error) {
	for _, path := range paths {
		s := &set{path: path, name: filepath.Base(path)}
		if slices.ContainsFunc(sets, func(other *set) bool { return other.name == s.name }) {
			return nil, terminal.Usagef("two files must not have the same name, got %s twice", s.name)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, terminal.UsageError{Err: err}
		}
		if err := json.Unmarshal(raw, &s.conversations); err != nil {
			return nil, terminal.Usagef("%s must be a JSON list of conversations (docs/evaluation.md): %w", path, explain(raw, err))
		}
		if err := s.check(); err != nil {
			return nil, terminal.Usagef("%s: %w", path, err)
		}
		sets = append(sets, s)
	}
	return sets, nil
}

// explain names the line of a JSON error, and the field in place of a type of this program.
func explain(raw []byte, err error) error {
	var offset int64
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset, err = wrong.Offset, fmt.Errorf("%s must not be of type %s", cmp.Or(strings.ToLower(wrong.Field), "the document"), wrong.Value)
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(raw[:offset], []byte("\n")), err)
}

func (s *set) check() error {
	if len(s.conversations) == 0 {
		return errors.New("must hold at least one conversation")
	}
	names := map[string]bool{"": true}
	for i, c := range s.conversations {
		if c == nil || names[c.Name] {
			return fmt.Errorf("conversation %d of the file must have a name (conversation) of its own", i+1)
		}
		names[c.Name] = true
		if err := c.check(); err != nil {
			return fmt.Errorf("conversation %s: %w", c.Name, err)
		}
	}
	return nil
}

func (c *conversation) check() (err error) {
	if len(c.Turns) == 0 || len(c.Questions) == 0 {
		return errors.New("must have turns and questions")
	}
	c.sessions = map[string]string{}
	for i := range c.Turns {
		t := &c.Turns[i]
		_, twice := c.sessions[t.ID]
		switch {
		case t.ID == "" || twice:
			return fmt.Errorf("turn %d must have an id of its own, got %q", i+1, t.ID)
		case t.content() == "":
			return fmt.Errorf("turn %s must have a text or an image_caption", t.ID)
		}
		if t.at, err = parseTime(t.SaidAt); err != nil {
			return fmt.Errorf("turn %s: %w", t.ID, err)
		}
		c.sessions[t.ID] = t.Session.String()
	}
	for i := range c.Questions {
		q := &c.Questions[i]
		if q.Question == "" || len(q.Evidence) == 0 {
			return fmt.Errorf("question %d must have a text (question) and evidence", i+1)
		}
		slices.Sort(q.Evidence)
		q.Evidence = slices.Compact(q.Evidence)
		for _, id := range q.Evidence {
			if _, ok := c.sessions[id]; !ok {
				return fmt.Errorf("question %d: evidence %q must be the id of a turn", i+1, id)
			}
		}
		q.asked = q.Question
	}
	slices.SortStableFunc(c.Turns, func(a, b turn) int { return a.at.Compare(b.at) })
	return nil
}

// content is what is remembered of a turn.
func (t *turn) content() string { return strings.TrimSpace(t.Text + " " + t.Caption) }

// parseTime reads a time as such data have it, in UTC unless it says otherwise.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly, "3:04 pm on 2 January, 2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("said_at must be a time, e.g. 2023-01-20T16:04:00Z or 4:04 pm on 20 January, 2023, got %q", text)
}

// transform shuffles the turns and misspells the questions. What it does to a conversation depends on the seed and on nothing but
// that conversation.
func (s *set) transform(shuffle, typos bool, seed uint64) {
	for _, c := range s.conversations {
		if shuffle {
			c.shuffle(random(seed, c.Name))
		}
		if typos {
			for i := range c.Questions {
				q := &c.Questions[i]
				q.asked = misspell(random(seed, c.Name+q.Question), q.Question)
			}
		}
	}
}

func random(seed uint64, of string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(of)) // never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// shuffle puts the turns in random order, a day apart and without sessions.
func (c *conversation) shuffle(r *rand.Rand) {
	first := c.Turns[0].at
	r.Shuffle(len(c.Turns), func(i, j int) { c.Turns[i], c.Turns[j] = c.Turns[j], c.Turns[i] })
	for i := range c.Turns {
		c.Turns[i].at, c.Turns[i].Session = first.AddDate(0, 0, i), label{}
	}
}

var longWord = regexp.MustCompile(`\pL{4,}`)

// misspell swaps, drops, replaces or adds one letter of a word of at least four; a text without one stays as it is.
func misspell(r *rand.Rand, text string) string {
	words := longWord.FindAllStringIndex(text, -1)
	if len(words) == 0 {
		return text
	}
	at := words[r.IntN(len(words))]
	word := text[at[0]:at[1]]
	for {
		wrong := []rune(word)
		i, other := r.IntN(len(wrong)-1), 'a'+rune(r.IntN(26))
		switch r.IntN(4) {
		case 0:
			wrong[i], wrong[i+1] = wrong[i+1], wrong[i]
		case 1:
			wrong = slices.Delete(wrong, i, i+1)
		case 2:
			wrong[i] = other
		default:
			wrong = slices.Insert(wrong, i+1, other)
		}
		if string(wrong) != word {
			return text[:at[0]] + string(wrong) + text[at[1]:]
		}
	}
}
