package recall

import (
	"encoding/json"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// phrase is words that stand next to each other.
type phrase struct {
	words []lexicon.Word
}

// phrasesOf returns the quoted phrases of a query.
func phrasesOf(all []lexicon.Word) []phrase {
	var found []phrase
	for _, w := range all {
		for w.Phrase > len(found) {
			found = append(found, phrase{})
		}
		if w.Phrase > 0 {
			found[w.Phrase-1].words = append(found[w.Phrase-1].words, w)
		}
	}
	return found
}

// standsIn reports whether the phrase stands in a text of the content.
func (p phrase) standsIn(analyzer *lexicon.Analyzer, content json.RawMessage) bool {
	value, err := canonjson.Parse(content)
	if err != nil {
		return false
	}
	stands := false
	value.Leaves(func(text string, _ canonjson.Leaf) { stands = stands || p.standsInText(analyzer, text) })
	return stands
}

func (p phrase) standsInText(analyzer *lexicon.Analyzer, text string) bool {
	at := map[int][]string{} // terms by position
	for _, o := range analyzer.Sequence(text) {
		at[o.Position] = append(at[o.Position], o.Term)
	}
	for start := range at {
		stands := true
		for _, w := range p.words {
			if stands = holdsAny(at[start+w.Position-p.words[0].Position], w.Terms); !stands {
				break
			}
		}
		if stands {
			return true
		}
	}
	return false
}

func holdsAny(terms []string, alternatives []lexicon.Alternative) bool {
	for _, t := range terms {
		for _, a := range alternatives {
			if a.Term == t {
				return true
			}
		}
	}
	return false
}
