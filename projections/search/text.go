package search

import (
	"strings"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// MaxTextBytes bounds how much of a memory's text is indexed, counted as Text writes it; words beyond it are stored but
// cannot be found. No text of this length comes near the limit of a tsvector, 1 MiB.
const MaxTextBytes = 128 << 10

// Text returns the indexed text of a memory, as words separated by spaces, in this order: the strings and numbers in its
// content, at any depth, its type, and the strings in its metadata. Keys are not indexed: they are the same in all
// memories of a kind, so they distinguish nothing. Words beyond MaxTextBytes are left out.
func Text(memoryType string, content, metadata canonjson.Value) string {
	var text strings.Builder
	eachWord(memoryType, content, metadata, func(word string) {
		if text.Len() > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(word)
	})
	return text.String()
}

// eachWord calls do with each word of Text.
func eachWord(memoryType string, content, metadata canonjson.Value, do func(word string)) {
	room := MaxTextBytes
	add := func(text string) {
		for word := range lexicon.Words(text) {
			if room -= len(word) + 1; room < 0 {
				return
			}
			do(word)
		}
	}
	content.Scalars(func(text string, _ bool) { add(text) })
	add(memoryType)
	metadata.Scalars(func(text string, isNumber bool) {
		if !isNumber {
			add(text)
		}
	})
}
