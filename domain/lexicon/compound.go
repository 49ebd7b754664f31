package lexicon

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// compound is a word, or several joined by punctuation, as typed.
type compound struct {
	text   string
	runs   []string
	joints []string // between the runs
	prefix string   // sign before it that is part of its name: -rf, #tag, @ana, .NET
	suffix string   // sign after it: C++, C#
}

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
		return scriptOf(before) == hebrew && scriptOf(after) == hebrew
	}
	return false
}

func newCompound(text string, pieces []piece, first, last int) compound {
	c := compound{text: text[pieces[first].start:pieces[last].end]}
	for i := first; i <= last; i++ {
		if run := text[pieces[i].start:pieces[i].end]; pieces[i].class == letter {
			c.runs = append(c.runs, run)
		} else {
			c.joints = append(c.joints, run)
		}
	}
	if first == 1 && pieces[0].class == punct || first > 1 && pieces[first-1].class == punct && pieces[first-2].class == dense {
		c.prefix = prefixOf(text[pieces[first-1].start:pieces[first-1].end], c.text)
	}
	if last+1 < len(pieces) && pieces[last+1].class == punct {
		c.suffix = suffixOf(text[pieces[last+1].start:pieces[last+1].end], c.runs[len(c.runs)-1])
	}
	return c
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

// addCompound adds the words of a compound, each with the whole as an alternative, and the terms of both.
func (a *Analyzer) addCompound(t *token, c compound) {
	from := len(t.words)
	a.addUnsigned(t, &c)
	sign := c.prefix + c.suffix
	if sign == "" {
		return
	}
	signed := cut(c.prefix + fold(c.text) + c.suffix)
	whole := word{text: signed, terms: []string{signed}}
	whole.add(signed, 1, Whole)
	added := t.words[from:]
	if c.suffix != "" && len(added) == 1 && utf8.RuneCountInString(added[0].text) <= 2 {
		// C is another language than C++: it is a variant.
		w := &added[0]
		whole.add(w.terms[0], partWeight/2, Part)
		t.terms = t.terms[:len(t.terms)-len(w.terms)]
		whole.terms = []string{signed, Variant + w.terms[0]}
		t.addTerms(whole.terms)
		*w = whole
		return
	}
	t.addTerms(whole.terms)
	for i := range added {
		added[i].within(whole)
	}
}

// addUnsigned adds a compound without the signs before and after it.
func (a *Analyzer) addUnsigned(t *token, c *compound) {
	if len(c.runs) == 1 {
		a.addRun(t, c.text)
		return
	}
	folded := fold(c.text)
	switch number, unit, ok := numberOf(folded); {
	case ok && unit == "":
		t.addWord(a.wordOf(number))
		return
	case ok:
		a.addParts(t, []string{number, unit}, number+unit)
		return
	}
	if isUUID(folded) {
		t.addWord(a.wordOf(strings.ReplaceAll(folded, "-", "")))
		return
	}
	if isTimestamp(folded) {
		a.addParts(t, []string{folded[:4], folded[5:7], folded[8:10], folded[11:]}, folded)
		return
	}
	if a.english != nil && a.english.contractions[folded] != "" {
		t.addWord(a.wordOf(c.text))
		return
	}
	if c.trimApostrophes(); len(c.runs) == 1 {
		a.addRun(t, c.runs[0])
		return
	}
	if isInitials(c) {
		t.addWord(a.wordOf(strings.Join(c.runs, "")))
		return
	}
	var parts []string
	for _, run := range c.runs {
		if inner := partsOf(run); inner != nil {
			parts = append(parts, inner...)
		} else {
			parts = append(parts, run)
		}
	}
	a.addParts(t, parts, c.whole())
}

// addRun adds a word without punctuation in it, which may be a compound all the same.
func (a *Analyzer) addRun(t *token, run string) {
	folded := fold(run)
	if number, unit, ok := numberOf(folded); ok && unit != "" {
		a.addParts(t, []string{number, unit}, folded)
		return
	}
	if parts := partsOf(run); parts != nil {
		a.addParts(t, parts, run)
		return
	}
	w := a.wordOf(run)
	if letters := strings.TrimRight(folded, "0123456789"); letters != folded && utf8.RuneCountInString(letters) > 2 && !strings.ContainsAny(letters, "0123456789") {
		// iPhone15: the letters and the number are terms, but a query for it is one word.
		t.addTerms(a.wordOf(folded[len(letters):]).terms)
		stem := a.wordOf(letters)
		t.addTerms(stem.terms)
		w.add(stem.terms[0], stemWeight, Part)
	}
	if one := run[:len(run)-1]; strings.HasSuffix(run, "s") && len(one) > 1 && one == strings.ToUpper(one) && scriptOf(one) == latin {
		// PDFs, which the stemmer does not take for the plural of PDF.
		for _, term := range a.wordOf(one).terms {
			w.terms = addTerm(w.terms, term)
			w.add(term, foldedWeight, Folded)
		}
	}
	t.addWord(w)
}

// addParts adds each part as a word, but not single letters such as the e of e-mail.
func (a *Analyzer) addParts(t *token, parts []string, text string) {
	whole := a.wordOf(text)
	long := slices.DeleteFunc(slices.Clone(parts), func(part string) bool {
		r, size := utf8.DecodeRuneInString(part)
		return size == len(part) && !unicode.IsNumber(r) && classOf(r) == letter
	})
	if unit := parts[len(parts)-1]; isNumber(parts[0]) && len(parts) == 2 {
		long = []string{parts[0], unit}
	}
	if len(long) == 0 {
		t.addWord(whole)
		return
	}
	var words []word
	stop := ^uint32(0)
	for _, part := range long {
		w := a.wordOf(part)
		switch part {
		case "http", "https", "www":
			w.stop = alwaysStop
		}
		stop &= w.stop
		words = append(words, w)
	}
	if stop != 0 { // to-do, which is more than to and do
		t.addWord(whole)
		for _, w := range words {
			t.addTerms(w.terms)
		}
		return
	}
	t.addTerms(whole.terms)
	for _, w := range words {
		w.within(whole)
		t.addWord(w)
	}
}

// trimApostrophes removes what an apostrophe joins to a word: Ana's, we'd've, l'école.
func (c *compound) trimApostrophes() {
	for n := len(c.joints); n > 0 && c.joints[n-1] == "'"; n = len(c.joints) {
		switch fold(c.runs[n]) {
		case "s", "d", "m", "ll", "re", "ve", "t":
			c.runs, c.joints = c.runs[:n], c.joints[:n-1]
			continue
		}
		break
	}
	for len(c.joints) > 0 && c.joints[0] == "'" {
		switch fold(c.runs[0]) {
		case "l", "d", "j", "m", "t", "s", "c", "n", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "un", "all", "dell", "nell", "sull", "dall", "gl", "v":
			c.runs, c.joints = c.runs[1:], c.joints[1:]
			continue
		}
		break
	}
}

// whole returns the compound in one: without hyphens and the like where words are joined, since people write it in both ways,
// and with all other signs.
func (c *compound) whole() string {
	var out strings.Builder
	for i, run := range c.runs {
		out.WriteString(run)
		if i == len(c.joints) {
			break
		}
		switch joint := c.joints[i]; joint {
		case "-", "_", "'", "·", "\u200b", "\u200c", "״", "׳", `"`:
			if isDigitAt(run, len(run)-1) && isDigitAt(c.runs[i+1], 0) {
				out.WriteString(joint)
			}
		default:
			out.WriteString(joint)
		}
	}
	return out.String()
}

// isInitials tells U.S.A. and e.g. from other compounds.
func isInitials(c *compound) bool {
	for _, joint := range c.joints {
		if joint != "." {
			return false
		}
	}
	return !slices.ContainsFunc(c.runs, func(run string) bool {
		r, size := utf8.DecodeRuneInString(run)
		return size != len(run) || !unicode.IsLetter(r)
	})
}

// partsOf returns the parts of a word in camel case, nil if it is none, or if it is a name such as iPhone, PhD or LaTeX.
func partsOf(run string) []string {
	if len(run) > MaxWord || run == strings.ToLower(run) {
		return nil
	}
	var parts []string
	letters := []rune(run)
	from := 0
	for i := 1; i < len(letters); i++ {
		upper := unicode.IsUpper(letters[i])
		begins := upper && !unicode.IsUpper(letters[i-1]) ||
			upper && i+1 < len(letters) && unicode.IsLower(letters[i+1]) && string(letters[i+1:]) != "s"
		if begins {
			parts = append(parts, string(letters[from:i]))
			from = i
		}
	}
	parts = append(parts, string(letters[from:]))
	if len(parts) < 2 || len(letters)*2 < len(parts)*5 || utf8.RuneCountInString(parts[0]) < 2 || len(letters)-from < 2 {
		return nil
	}
	return parts
}

// numberOf reads a number, with or without a unit of letters: 10km, 1,000.50, 3,5, 10:30. Thousands lose their separators and the
// decimal sign becomes a point. A text with more points, such as an address or a version, is not a number.
func numberOf(text string) (number, unit string, ok bool) {
	end := 0
	var signs []byte
	var groups []string
	for {
		from := end
		for end < len(text) && isDigitAt(text, end) {
			end++
		}
		if end == from {
			return "", "", false
		}
		groups = append(groups, text[from:end])
		if end+1 >= len(text) || !strings.ContainsRune(".,:", rune(text[end])) || !isDigitAt(text, end+1) {
			break
		}
		signs = append(signs, text[end])
		end++
	}
	unit = text[end:]
	if strings.ContainsFunc(unit, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		return "", "", false
	}
	last := len(signs) - 1
	switch {
	case last < 0:
		return groups[0], unit, true
	case slices.Contains(signs, ':'):
		return text[:end], unit, !slices.ContainsFunc(signs, func(c byte) bool { return c != ':' })
	case isThousands(groups[:last+2]) && uniform(signs) && (last > 0 || signs[0] == ','):
		return strings.Join(groups, ""), unit, true
	case last == 0 || isThousands(groups[:last+1]) && uniform(signs[:last]) && signs[last] != signs[0]:
		return strings.Join(groups[:last+1], "") + "." + groups[last+1], unit, true
	}
	return "", "", false
}

// isThousands tells whether all groups of digits but the first have three.
func isThousands(groups []string) bool {
	return len(groups[0]) <= 3 && !slices.ContainsFunc(groups[1:], func(group string) bool { return len(group) != 3 })
}

func uniform(signs []byte) bool {
	return !slices.ContainsFunc(signs, func(c byte) bool { return c != signs[0] })
}

func isUUID(text string) bool { return matches(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") }

func isTimestamp(text string) bool {
	return len(text) >= len("2026-11-30t10:30") && matches(text[:len("2026-11-30t10:30")], "0000-00-00t00:00")
}

// matches compares a text with a pattern in which 0 stands for a digit and x for a hexadecimal one.
func matches(text, pattern string) bool {
	if len(text) != len(pattern) {
		return false
	}
	for i := range len(pattern) {
		c := text[i]
		digit := isDigitAt(text, i)
		switch pattern[i] {
		case '0':
			if !digit {
				return false
			}
		case 'x':
			if !digit && (c < 'a' || c > 'f') {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}
