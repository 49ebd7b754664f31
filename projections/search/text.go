package search

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/lexicon"
)

// MaxTextBytes is how much of a memory's text is indexed; what is beyond is kept but not found by its words. No
// text of this length comes near the limit of a tsvector, 1 MiB.
const MaxTextBytes = 128 << 10

// Text returns what of a memory is indexed, as lexicon.Plain, in this order and a line each: the strings and numbers in its
// content, however deeply they are nested, its type, and the strings in its metadata. Keys are not indexed:
// they are the same in all memories of a kind and tell nothing apart. Of a text longer than MaxTextBytes the
// beginning is returned.
func Text(memoryType string, content, metadata json.RawMessage) (string, error) {
	t := &text{}
	if err := t.values(content, true); err != nil {
		return "", fmt.Errorf("content: %w", err)
	}
	t.add(memoryType)
	if err := t.values(metadata, false); err != nil {
		return "", fmt.Errorf("metadata: %w", err)
	}
	return t.String(), nil
}

// text collects lines up to MaxTextBytes.
type text struct {
	strings.Builder
}

func (t *text) full() bool { return t.Len() >= MaxTextBytes }

func (t *text) add(line string) {
	if t.full() {
		return
	}
	if line = lexicon.Plain(line); line == "" {
		return
	}
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	if room := MaxTextBytes - t.Len(); len(line) > room {
		for room > 0 && !utf8.RuneStart(line[room]) {
			room--
		}
		line = line[:room]
	}
	t.WriteString(line)
}

// values adds the strings, and the numbers if asked to, of a JSON value; keys are left out.
func (t *text) values(raw json.RawMessage, numbers bool) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return t.value(d, numbers)
}

func (t *text) value(d *json.Decoder, numbers bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case string:
		t.add(v)
	case json.Number:
		if numbers {
			t.add(v.String())
		}
	case json.Delim:
		for d.More() {
			if v == '{' {
				if _, err := d.Token(); err != nil {
					return err
				}
			}
			if err := t.value(d, numbers); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}
