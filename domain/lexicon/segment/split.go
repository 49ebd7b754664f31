package segment

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Split is what a word is made of.
type Split struct {
	// Whole is the word in one: without hyphens and the like, a number without separators of thousands.
	Whole string
	// Parts are those of a compound, without single letters such as the e of e-mail; none if the word is to be found as a whole.
	Parts []string
	// Name and Number are the letters and the digits of a folded word such as iPhone15. Default: the word is not such a one.
	Name, Number string
	// Singular is the word without its s if the rest is in capitals: PDF of PDFs. Default: the word is not such a one.
	Singular string
}

// Split takes a segment of the kind Word apart. Of several runs of letters, isWord tells whether the folded text is a word all
// the same, such as don't.
func (s Segment) Split(isWord func(folded string) bool) Split {
	if len(s.runs) == 1 {
		return splitRun(s.Text)
	}
	folded := Fold(s.Text)
	switch number, unit, ok := numberOf(folded); {
	case ok && unit == "":
		return Split{Whole: number}
	case ok:
		return Split{Whole: number + unit, Parts: withoutLetters(number, unit)}
	case isUUID(folded):
		return Split{Whole: strings.ReplaceAll(folded, "-", "")}
	case IsTimestamp(folded):
		return Split{Whole: folded, Parts: withoutLetters(folded[:4], folded[5:7], folded[8:10], folded[11:])}
	case isWord(folded):
		return Split{Whole: s.Text}
	}
	if s.trimApostrophes(); len(s.runs) == 1 {
		return splitRun(s.runs[0])
	}
	if s.isInitials() {
		return Split{Whole: strings.Join(s.runs, "")}
	}
	var parts []string
	for _, run := range s.runs {
		if inner := partsOf(run); inner != nil {
			parts = append(parts, inner...)
		} else {
			parts = append(parts, run)
		}
	}
	return Split{Whole: s.whole(), Parts: withoutLetters(parts...)}
}

// splitRun splits a word without punctuation in it, which may be a compound all the same.
func splitRun(run string) Split {
	folded := Fold(run)
	if number, unit, ok := numberOf(folded); ok && unit != "" {
		return Split{Whole: folded, Parts: withoutLetters(number, unit)}
	}
	if parts := partsOf(run); parts != nil {
		return Split{Whole: run, Parts: withoutLetters(parts...)}
	}
	s := Split{Whole: run}
	if letters := strings.TrimRight(folded, "0123456789"); letters != folded && utf8.RuneCountInString(letters) > 2 && !strings.ContainsAny(letters, "0123456789") {
		s.Name, s.Number = letters, folded[len(letters):]
	}
	if one := run[:len(run)-1]; strings.HasSuffix(run, "s") && len(one) > 1 && one == strings.ToUpper(one) {
		s.Singular = one
	}
	return s
}

// withoutLetters returns parts without single letters. A number keeps its unit.
func withoutLetters(parts ...string) []string {
	if len(parts) == 2 && IsNumber(parts[0]) {
		return parts
	}
	return slices.DeleteFunc(parts, func(part string) bool {
		r, size := utf8.DecodeRuneInString(part)
		return size == len(part) && !unicode.IsNumber(r) && classOf(r) == letter
	})
}

// trimApostrophes removes what an apostrophe joins to a word: Ana's, we'd've, l'école.
func (s *Segment) trimApostrophes() {
	for n := len(s.joints); n > 0 && s.joints[n-1] == "'"; n = len(s.joints) {
		switch Fold(s.runs[n]) {
		case "s", "d", "m", "ll", "re", "ve", "t":
			s.runs, s.joints = s.runs[:n], s.joints[:n-1]
			continue
		}
		break
	}
	for len(s.joints) > 0 && s.joints[0] == "'" {
		switch Fold(s.runs[0]) {
		case "l", "d", "j", "m", "t", "s", "c", "n", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "un", "all", "dell", "nell", "sull", "dall", "gl", "v":
			s.runs, s.joints = s.runs[1:], s.joints[1:]
			continue
		}
		break
	}
}

// whole returns the compound in one: without hyphens and the like where words are joined, since people write it in both ways,
// and with all other signs.
func (s *Segment) whole() string {
	var out strings.Builder
	for i, run := range s.runs {
		out.WriteString(run)
		if i == len(s.joints) {
			break
		}
		switch joint := s.joints[i]; joint {
		case "-", "_", "'", "·", "\u200b", "\u200c", "״", "׳", `"`:
			if isDigitAt(run, len(run)-1) && isDigitAt(s.runs[i+1], 0) {
				out.WriteString(joint)
			}
		default:
			out.WriteString(joint)
		}
	}
	return out.String()
}

// isInitials tells U.S.A. and e.g. from other compounds.
func (s *Segment) isInitials() bool {
	for _, joint := range s.joints {
		if joint != "." {
			return false
		}
	}
	return !slices.ContainsFunc(s.runs, func(run string) bool {
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
