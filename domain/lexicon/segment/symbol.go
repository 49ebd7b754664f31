package segment

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

// Emojis returns a symbol, or a sequence of symbols with what joins them, in lower case and without what is invisible; and the
// symbols that a sequence consists of, without skin tones, as far as they differ from it.
func Emojis(text string) (whole string, parts []string) {
	whole = strings.Map(func(r rune) rune {
		if r != zeroWidthJoiner && classOf(r) == invisible && !isTag(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	whole = Cut(strings.TrimRight(whole, string(zeroWidthJoiner)))
	for part := range strings.SplitSeq(whole, string(zeroWidthJoiner)) {
		part = strings.TrimFunc(part, func(r rune) bool { return isSkinTone(r) || isTag(r) })
		if part != "" && part != whole {
			parts = append(parts, part)
		}
	}
	return whole, parts
}

// isTag tells the characters that spell the region in the flag of England, Scotland or Wales.
func isTag(r rune) bool { return r >= 0xe0020 && r <= 0xe007f }
