package lexicon

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	englishstem "github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// script is a script, or group of scripts, by whose words languages are told apart.
type script uint8

const (
	otherScript script = iota
	latin
	cyrillic
	arabicScript
	tamilScript
	hebrew
	scripts
)

// usual names the language in which words of a script are stemmed if none of that script is configured. Stemming Ukrainian
// or Persian words by the rules of Russian or Arabic only makes a few more words equal.
var usual = [scripts]string{cyrillic: "russian", arabicScript: "arabic", tamilScript: "tamil"}

// language is a language with its stemmer and stop words.
type language struct {
	name, code string
	script     script
	stem       func(*snowballstem.Env) bool // nil: words are their own stems
	stop       map[string]bool
	months     []string
	configured bool
	bit        uint32 // among an analyzer's languages; bit 0 is for stop words of any language
}

// languages are those with a stemmer and a list of stop words, and others that people would look for: their words are found as they
// stand, and are not stemmed by the rules of English.
var languages = sync.OnceValue(func() map[string]*language {
	lists, months := readLists(stopWordLists), readLists(monthNames)
	byName := map[string]*language{}
	for _, l := range []language{
		{name: "arabic", code: "ar", script: arabicScript, stem: arabic.Stem},
		{name: "danish", code: "da", script: latin, stem: danish.Stem},
		{name: "dutch", code: "nl", script: latin, stem: dutch.Stem},
		{name: "english", code: "en", script: latin, stem: englishstem.Stem},
		{name: "finnish", code: "fi", script: latin, stem: finnish.Stem},
		{name: "french", code: "fr", script: latin, stem: french.Stem},
		{name: "german", code: "de", script: latin, stem: german.Stem},
		{name: "hungarian", code: "hu", script: latin, stem: hungarian.Stem},
		{name: "irish", code: "ga", script: latin, stem: irish.Stem},
		{name: "italian", code: "it", script: latin, stem: italian.Stem},
		{name: "norwegian", code: "no", script: latin, stem: norwegian.Stem},
		{name: "portuguese", code: "pt", script: latin, stem: portuguese.Stem},
		{name: "romanian", code: "ro", script: latin, stem: romanian.Stem},
		{name: "russian", code: "ru", script: cyrillic, stem: russian.Stem},
		{name: "spanish", code: "es", script: latin, stem: spanish.Stem},
		{name: "swedish", code: "sv", script: latin, stem: swedish.Stem},
		{name: "tamil", code: "ta", script: tamilScript, stem: tamil.Stem},
		{name: "turkish", code: "tr", script: latin, stem: turkish.Stem},
		{name: "bulgarian", code: "bg", script: cyrillic},
		{name: "chinese", code: "zh", script: otherScript},
		{name: "czech", code: "cs", script: latin},
		{name: "greek", code: "el", script: otherScript},
		{name: "hebrew", code: "he", script: hebrew},
		{name: "hindi", code: "hi", script: otherScript},
		{name: "indonesian", code: "id", script: latin},
		{name: "japanese", code: "ja", script: otherScript},
		{name: "korean", code: "ko", script: otherScript},
		{name: "persian", code: "fa", script: arabicScript},
		{name: "polish", code: "pl", script: latin},
		{name: "thai", code: "th", script: otherScript},
		{name: "ukrainian", code: "uk", script: cyrillic},
		{name: "vietnamese", code: "vi", script: latin},
	} {
		l.stop = map[string]bool{}
		for _, word := range lists[l.name] {
			l.stop[segment.Fold(word)] = true
		}
		l.months = months[l.name]
		byName[l.name], byName[l.code] = &l, &l
	}
	return byName
})

func languageOf(name string) (*language, error) {
	known := languages()
	if l, ok := known[strings.ToLower(name)]; ok {
		return l, nil
	}
	return nil, domain.Invalidf("language", "must be one of %s, got %q", strings.Join(Names(), ", "), name)
}

// Names returns the known languages, each as its name and its code, such as "english (en)".
func Names() []string {
	var names []string
	for name, l := range languages() {
		if name == l.name {
			names = append(names, name+" ("+l.code+")")
		}
	}
	slices.Sort(names)
	return names
}

// The words of each language: "[name]" and the words of that list; "#" begins a comment.
var (
	//go:embed stopwords.txt
	stopWordLists string
	//go:embed months.txt
	monthNames string
)

func readLists(text string) map[string][]string {
	lists, name := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			name = strings.Trim(line, "[]")
		default:
			lists[name] = append(lists[name], strings.Fields(line)...)
		}
	}
	return lists
}

// stemOf returns the stem of a word in lower case, the word itself where the stemmer leaves nothing.
func (l *language) stemOf(word string) string {
	if l.stem == nil {
		return word
	}
	env := snowballstem.NewEnv(word)
	l.stem(env)
	if stem := env.Current(); stem != "" {
		return stem
	}
	return word
}

// scriptOf returns the script of a word: that of its first letter.
func scriptOf(word string) script {
	for _, r := range word {
		switch {
		case r < 0x300:
			if unicode.IsLetter(r) {
				return latin
			}
		case r >= 0x400 && r < 0x530:
			return cyrillic
		case r >= 0x590 && r < 0x600:
			return hebrew
		case r >= 0x600 && r < 0x780:
			return arabicScript
		case r >= 0xb80 && r < 0xc00:
			return tamilScript
		case unicode.Is(unicode.Latin, r):
			return latin
		case unicode.IsLetter(r):
			return otherScript
		}
	}
	return otherScript
}
