package segment

import (
	"strings"
	"unicode"
)

// compoundEnd returns the last piece of the compound that begins with a piece.
func compoundEnd(text string, pieces []piece, first int) int {
	last := first
	for last+2 < len(pieces) && pieces[last+1].class == punct && pieces[last+2].class == letter &&
		isJoint(text[pieces[last+1].start:pieces[last+1].end], text[pieces[last].start:pieces[last].end], text[pieces[last+2].start:pieces[last+2].end]) {
		last += 2
	}
	return last
}

// isJoint tells whether punctuation joins the words on both sides into a compound, rather than ending a clause.
func isJoint(sign, before, after string) bool {
	switch sign {
	case "-", "_", "'", ".", "/", `\`, ":", "@", "&", "+", "=", "#", "?", "·", "\u200b", "\u200c", "״", "׳",
		"://", "::", "/?", "/#", "/.", "./", `:\`, ":/", "@/", "->":
		return true
	case ",", "⁄":
		return isDigitAt(before, len(before)-1) && isDigitAt(after, 0)
	case `"`: // Hebrew abbreviations
		return isHebrew(before) && isHebrew(after)
	}
	return false
}

// compoundOf returns the compound of the pieces from first to last.
func compoundOf(text string, pieces []piece, first, last int) Segment {
	s := Segment{Kind: Word, Text: text[pieces[first].start:pieces[last].end]}
	for i := first; i <= last; i++ {
		if run := text[pieces[i].start:pieces[i].end]; pieces[i].class == letter {
			s.runs = append(s.runs, run)
		} else {
			s.joints = append(s.joints, run)
		}
	}
	if first == 1 && pieces[0].class == punct || first > 1 && pieces[first-1].class == punct && pieces[first-2].class == dense {
		s.Prefix = prefixOf(text[pieces[first-1].start:pieces[first-1].end], s.Text)
	}
	if last+1 < len(pieces) && pieces[last+1].class == punct {
		s.Suffix = suffixOf(text[pieces[last+1].start:pieces[last+1].end], s.runs[len(s.runs)-1])
	}
	return s
}

// isHebrew tells whether a word is Hebrew by its first letter; marks and digits of the Hebrew, Cyrillic, Arabic, Tamil and Latin
// scripts count as letters, those of ASCII do not.
func isHebrew(word string) bool {
	for _, r := range word {
		switch {
		case r >= 0x590 && r < 0x600:
			return true
		case unicode.IsLetter(r), r >= 0x400 && r < 0x780, r >= 0xb80 && r < 0xc00, r >= 0x300 && unicode.Is(unicode.Latin, r):
			return false
		}
	}
	return false
}

func prefixOf(signs, text string) string {
	signs = strings.TrimLeft(signs, `([{"'<`)
	digits := isDigitAt(text, 0)
	switch signs {
	case "-":
		return signs
	case "--", "#", "@", ".":
		if !digits || signs == "#" {
			return signs
		}
	}
	return ""
}

func suffixOf(signs, run string) string {
	if isDigitAt(run, len(run)-1) || len(run) > len("Objective") {
		return ""
	}
	for _, suffix := range []string{"++", "#", "+"} {
		if strings.HasPrefix(signs, suffix) {
			return suffix
		}
	}
	return ""
}
