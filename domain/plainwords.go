package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWord is how many characters a word may have to be searched by; longer runs are encoded data rather than words.
const MaxWord = 100

// PlainWords returns the words of a text, runs of letters and digits of at most MaxWord characters, with a space
// between any two. Texts are indexed and searched in this form: PostgreSQL's parser looks for addresses, paths and
// compounds in whatever stands between the words, and takes minutes over some texts that were made for it.
func PlainWords(text string) string {
	var words strings.Builder
	words.Grow(len(text))
	for word := range strings.FieldsFuncSeq(text, notOfAWord) {
		if utf8.RuneCountInString(word) > MaxWord {
			continue
		}
		if words.Len() > 0 {
			words.WriteByte(' ')
		}
		words.WriteString(word)
	}
	return words.String()
}

func notOfAWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}
