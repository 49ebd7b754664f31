package lexicon

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthJoiner = '\u200d'
	firstFlagLetter = '\U0001f1e6'
	lastFlagLetter  = '\U0001f1ff'
)

func isSkinTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

func isFlagLetter(r rune) bool { return r >= firstFlagLetter && r <= lastFlagLetter }

// extends tells whether a symbol belongs to the one before it: as a skin tone, after a joiner, as the second letter of a flag.
func extends(before string, r rune) bool {
	last, size := utf8.DecodeLastRuneInString(before)
	return isSkinTone(r) || last == zeroWidthJoiner || isFlagLetter(r) && isFlagLetter(last) && size == len(before)
}

// symbolOf returns the word of a symbol or a sequence of them. Its variants are the emojis of a sequence, without skin tones.
func symbolOf(text string) word {
	whole := strings.Map(func(r rune) rune {
		if r != zeroWidthJoiner && classOf(r) == invisible && !isTag(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	whole = cut(strings.TrimRight(whole, string(zeroWidthJoiner)))
	w := word{text: whole, terms: []string{whole}}
	w.add(whole, 1, Exact)
	w.add(Variant+whole, foldedWeight, Folded)
	for one := range strings.SplitSeq(whole, string(zeroWidthJoiner)) {
		one = strings.TrimFunc(one, func(r rune) bool { return isSkinTone(r) || isTag(r) })
		if one == "" || one == whole {
			continue
		}
		w.terms = addTerm(w.terms, Variant+one)
		w.add(one, foldedWeight, Folded)
		w.add(Variant+one, foldedWeight, Folded)
	}
	return w
}

// isTag tells the characters that spell the region in the flag of England, Scotland or Wales.
func isTag(r rune) bool { return r >= 0xe0020 && r <= 0xe007f }
