package search

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// MaxTextBytes is how much of a memory's text is indexed, counted as Text writes it; what is beyond is kept but not found
// by its words. No text of this length comes near the limit of a tsvector, 1 MiB.
const MaxTextBytes = 128 << 10

// Text returns what of a memory is indexed, as words with a space between any two, in this order: the strings and numbers in
// its content, however deeply they are nested, its type, and the strings in its metadata. Keys are not indexed:
// they are the same in all memories of a kind and tell nothing apart. Words beyond MaxTextBytes are left out.
func Text(memoryType string, content, metadata json.RawMessage) (string, error) {
	var text strings.Builder
	err := eachWord(memoryType, content, metadata, func(word string) {
		if text.Len() > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(word)
	})
	return text.String(), err
}

// eachWord calls do with the words of Text.
func eachWord(memoryType string, content, metadata json.RawMessage, do func(word string)) error {
	room := MaxTextBytes
	add := func(text string) {
		for word := range lexicon.Words(text) {
			if room -= len(word) + 1; room < 0 {
				return
			}
			do(word)
		}
	}
	said, err := canonjson.Parse(content)
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	beside, err := canonjson.Parse(metadata)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	said.Scalars(func(text string, _ bool) { add(text) })
	add(memoryType)
	beside.Scalars(func(text string, isNumber bool) {
		if !isNumber {
			add(text)
		}
	})
	return nil
}
