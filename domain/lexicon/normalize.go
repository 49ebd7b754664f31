package lexicon

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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

// normalize brings a text into form NFKC and makes the many hyphens, apostrophes and quotation marks one each.
func normalize(text string) string {
	if isASCII(text) {
		return text
	}
	if strings.Contains(text, "\u2122") || strings.Contains(text, "\u2120") { // which become TM and SM: not part of the word before them
		text = strings.NewReplacer("\u2122", " \u2122", "\u2120", " \u2120").Replace(text)
	}
	text = norm.NFKC.String(strings.ToValidUTF8(text, "\ufffd"))
	// The signs begin with these bytes, as few letters do.
	if strings.IndexByte(text, 0xe2) < 0 && strings.IndexByte(text, 0xc2) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '‐', '‑', '−':
			return '-'
		case '‘', '’', '‛', '′':
			return '\''
		case '“', '”', '„', '‟', '″', '«', '»':
			return '"'
		}
		return r
	}, text)
}

// fold returns a normalized word in lower case, without what is invisible.
func fold(word string) string {
	if isASCII(word) {
		return strings.ToLower(word)
	}
	var out strings.Builder
	for _, r := range word {
		switch {
		case r < utf8.RuneSelf:
			out.WriteRune(unicode.ToLower(r))
		case r == 'ß', r == 'ẞ':
			out.WriteString("ss")
		case r == 'ς':
			out.WriteRune('σ')
		case unicode.IsDigit(r):
			out.WriteRune(digit(r))
		case classOf(r) != invisible:
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return norm.NFC.String(out.String())
}

// digit returns the ASCII digit of a decimal digit: those of a script follow each other, from zero to nine.
func digit(r rune) rune {
	for _, span := range unicode.Nd.R16 {
		if r <= rune(span.Hi) {
			return '0' + (r-rune(span.Lo))%10
		}
	}
	for _, span := range unicode.Nd.R32 {
		if r <= rune(span.Hi) {
			return '0' + (r-rune(span.Lo))%10
		}
	}
	return r
}

// plain returns a folded word without accents and vowel points, and with the basic form of other letters.
func plain(word string) string {
	if isASCII(word) {
		return word
	}
	var out strings.Builder
	for _, r := range norm.NFD.String(word) {
		if isAccent(r) {
			continue
		}
		if base, ok := basic[r]; ok {
			out.WriteString(base)
			continue
		}
		if r >= 'ァ' && r <= 'ヶ' {
			r -= 'ァ' - 'ぁ'
		}
		out.WriteRune(r)
	}
	return norm.NFC.String(out.String())
}

// isAccent tells the marks that people leave out: not the vowel signs of Indic scripts.
func isAccent(r rune) bool {
	switch {
	case r < 0x300:
		return false
	case r <= 0x36f, r >= 0x483 && r <= 0x487, r >= 0x591 && r <= 0x5c7, r >= 0x610 && r <= 0x61a, r >= 0x64b && r <= 0x65f, r == 0x670,
		r >= 0x6d6 && r <= 0x6ed, r >= 0x1ab0 && r <= 0x1aff, r >= 0x1dc0 && r <= 0x1dff, r >= 0x20d0 && r <= 0x20ff, r >= 0xfe20 && r <= 0xfe2f:
		return unicode.IsMark(r)
	}
	return r == 0x93c || r == 0x9bc || r == 0xa3c || r == 0xabc || r == 0xb3c // the dot of sounds from abroad
}

// basic holds the letters whose other form is not a matter of marks.
var basic = map[rune]string{
	'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ħ': "h", 'ŧ': "t", 'ı': "i", 'ŋ': "n", 'ĸ': "k", 'ə': "e",
	'ƀ': "b", 'ɓ': "b", 'ɖ': "d", 'ɗ': "d", 'ƙ': "k", 'ɨ': "i", 'ɔ': "o", 'ɛ': "e", 'ʻ': "", 'ʼ': "", 'ґ': "г",
	'ى': "ي", 'ی': "ي", 'ې': "ي", 'ے': "ي", 'ک': "ك", 'ٱ': "ا", 'ة': "ه", 'ھ': "ه", 'ہ': "ه", 'ە': "ه",
}

// spelledOut returns a folded word with its umlauts as two letters, as where they cannot be typed.
func spelledOut(word string) string {
	if !strings.ContainsAny(word, "äöüåø") {
		return ""
	}
	return plain(umlauts.Replace(word))
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")

// cut returns the first MaxWord characters of a word.
func cut(word string) string {
	if len(word) <= MaxWord {
		return word
	}
	n := 0
	for i := range word {
		if n == MaxWord {
			return word[:i]
		}
		n++
	}
	return word
}
