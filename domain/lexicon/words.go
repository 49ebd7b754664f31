package lexicon

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

// MaxWord is the maximum number of characters of an indexed word; longer runs are encoded data rather than words.
const MaxWord = 100

// Words yields the words of a text: its runs of letters, digits and marks of at most MaxWord characters. Every other
// character separates them, also within an address or a compound.
func Words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := 0; at < len(text); {
			begin, end, runes := nextWord(text, at)
			if runes > 0 && runes <= MaxWord && !yield(text[begin:end]) {
				return
			}
			at = end
		}
	}
}

// nextWord returns the next run of word characters, and its length in characters.
func nextWord(text string, at int) (begin, end, runes int) {
	begin = -1
	for end = at; end < len(text); {
		r, size := rune(text[end]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[end:])
		}
		if !isSeparator(r) {
			if runes == 0 {
				begin = end
			}
			runes++
		} else if runes > 0 {
			break
		}
		end += size
	}
	return begin, end, runes
}

// asciiWord tells which ASCII characters belong to words: that question is most of the work on a text.
var asciiWord = func() (is [utf8.RuneSelf]bool) {
	for r := range is {
		is[r] = r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return is
}()

// isSeparator reports whether a character belongs to no word.
func isSeparator(r rune) bool {
	if r < utf8.RuneSelf {
		return !asciiWord[r]
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}
