package lexicon

import (
	"cmp"
	"slices"

	"github.com/auren-memory/auren/domain"
)

// Analyzer makes terms in some languages. It is safe for concurrent use.
type Analyzer struct {
	languages []*language
	// byScript holds, for each script, the languages whose stemmers its words go through.
	byScript [scripts][]*language
	english  *english // nil if English is not among the languages
	known    cache    // of tokens
	pairs    cache    // of characters of scripts without spaces: the same text may be a token, with other terms
}

// MaxLanguages is how many languages an Analyzer has at most: each makes a term more of a word.
const MaxLanguages = 20

// New makes an Analyzer for one or more languages, each by its English name or its code (ISO 639-1), in any order; the default
// is English. Words of a script that none of them is written in are stemmed by its most common language, if there is a stemmer.
// An unknown language is an Error that lists the known ones.
func New(languages ...string) (*Analyzer, error) {
	if len(languages) == 0 {
		languages = []string{"english"}
	}
	if len(languages) > MaxLanguages {
		return nil, domain.Invalidf("language", "must be at most %d languages, got %d", MaxLanguages, len(languages))
	}
	var all []*language
	for _, name := range languages {
		l, err := languageOf(name)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	slices.SortFunc(all, firstEnglish)
	a := &Analyzer{}
	for _, l := range all {
		a.add(l, true)
	}
	for script, name := range usual {
		if name != "" && a.byScript[script] == nil {
			l, err := languageOf(name)
			if err != nil {
				return nil, err
			}
			a.add(l, false)
		}
	}
	return a, nil
}

// firstEnglish orders languages by name, English first: the first term of a word is the one that has synonyms.
func firstEnglish(a, b *language) int {
	switch {
	case a.name == b.name:
		return 0
	case a.name == "english":
		return -1
	case b.name == "english":
		return 1
	}
	return cmp.Compare(a.name, b.name)
}

// Default makes an Analyzer for English.
func Default() *Analyzer {
	a, err := New()
	if err != nil {
		panic("lexicon: " + err.Error()) // English is known
	}
	return a
}

func (a *Analyzer) add(l *language, configured bool) {
	for _, there := range a.languages {
		if there.name == l.name {
			return
		}
	}
	added := *l
	added.configured = configured
	added.bit = 1 << (len(a.languages) + 1)
	a.languages = append(a.languages, &added)
	a.byScript[l.script] = append(a.byScript[l.script], &added)
	if l.name == "english" {
		a.english = englishData()
	}
}

// Languages returns the codes of the languages that the Analyzer was made for, each once and in one order whatever theirs was.
func (a *Analyzer) Languages() []string {
	var codes []string
	for _, l := range a.languages {
		if l.configured {
			codes = append(codes, l.code)
		}
	}
	return codes
}
