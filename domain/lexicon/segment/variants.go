package segment

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Variants returns the other forms of a folded word in which people type it.
func Variants(text string) []string {
	if isASCII(text) {
		return nil
	}
	var variants []string
	for _, variant := range []string{Plain(text), spelledOut(text), withoutParticle(text)} {
		if variant != "" && variant != text && !slices.Contains(variants, variant) {
			variants = append(variants, variant)
		}
	}
	return variants
}

// withoutParticle returns a Hebrew word without the one letter before it that says and, the, in, to, from, as or that.
func withoutParticle(text string) string {
	if first, size := utf8.DecodeRuneInString(text); strings.ContainsRune("והבלמשכ", first) && utf8.RuneCountInString(text) >= 4 {
		return Plain(text[size:])
	}
	return ""
}

// Plain returns a folded word without accents and vowel points, and with the basic form of other letters.
func Plain(word string) string {
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
	return Plain(umlauts.Replace(word))
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")
