package segment

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// class tells what a character does in a text.
type class uint8

const (
	gap       class = iota // separates tokens: white space and control characters
	letter                 // a letter or a digit of a script with spaces between its words
	dense                  // a letter of a script without spaces
	mark                   // belongs to the letter before it
	symbol                 // a word by itself
	punct                  // separates words, or joins the parts of a compound
	invisible              // counts for nothing
)

// denseLetters are of the scripts whose readers do not see words by spaces, and Korean, whose particles stick to its words.
var denseLetters = rangetable.Merge(unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	unicode.Tangut, unicode.Nushu, unicode.Khitan_Small_Script, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
	unicode.Tai_Le, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Viet, unicode.Javanese, unicode.Balinese, unicode.Cham,
	rangetable.New(0x30fc, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035)) // iteration and length marks, which belong to no one script

var asciiClass = func() (is [utf8.RuneSelf]class) {
	for r := range is {
		switch {
		case unicode.IsLetter(rune(r)), unicode.IsDigit(rune(r)):
			is[r] = letter
		case r > ' ' && r < 0x7f:
			is[r] = punct
		}
	}
	return is
}()

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		return asciiClass[r]
	case r >= 0x3400 && r < 0xa000, r >= 0xac00 && r < 0xd7a4: // most of Chinese, Japanese and Korean
		if r < 0x4dc0 || r >= 0x4e00 {
			return dense
		}
		return symbol
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0x17b4, r == 0x17b5, r == 0x640, unicode.Is(unicode.Variation_Selector, r):
		return invisible // fillers, inherent vowels, tatweel
	case unicode.IsDigit(r):
		return letter
	case unicode.IsLetter(r), unicode.IsNumber(r):
		if unicode.Is(denseLetters, r) {
			return dense
		}
		return letter
	case unicode.IsMark(r):
		return mark
	case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Z, r):
		return gap
	case unicode.Is(unicode.Cf, r):
		return invisible
	case unicode.IsPunct(r):
		return punct
	}
	return symbol
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// HasSigns tells whether a word holds ASCII punctuation or a number.
func HasSigns(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool { return r < utf8.RuneSelf && asciiClass[r] == punct || unicode.IsNumber(r) })
}
