package recall

import (
	"context"
	"encoding/json"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// phrase is words that stand next to each other.
type phrase struct {
	words []lexicon.Word
}

// maxQuoted is how many phrases of a query count: the first.
const maxQuoted = 32

// phrasesOf returns the quoted phrases of a query, each without the words beyond maxExact.
func phrasesOf(all []lexicon.Word) []phrase {
	var found []phrase
	for _, w := range all {
		if w.Phrase > maxQuoted {
			break
		}
		for w.Phrase > len(found) {
			found = append(found, phrase{})
		}
		if w.Phrase > 0 && len(found[w.Phrase-1].words) < maxExact {
			found[w.Phrase-1].words = append(found[w.Phrase-1].words, w)
		}
	}
	return found
}

// standIn reports which of the phrases stand in a text of the content. It returns the error of ctx if that ends before: to look
// through the longest text may take a second.
func standIn(ctx context.Context, phrases []phrase, analyzer *lexicon.Analyzer, content json.RawMessage) ([]bool, error) {
	stand := make([]bool, len(phrases))
	value, err := canonjson.Parse(content)
	if err != nil || len(phrases) == 0 {
		return stand, nil
	}
	value.Leaves(func(text string, _ canonjson.Leaf) {
		var at positions
		for i, p := range phrases {
			if stand[i] || ctx.Err() != nil {
				continue
			}
			if at == nil {
				at = positionsOf(analyzer.Sequence(text))
			}
			stand[i] = p.standsAt(at)
		}
	})
	return stand, ctx.Err()
}

// positions are the terms of a text by their positions, which begin with 1.
type positions [][]lexicon.Occurrence

func positionsOf(all []lexicon.Occurrence) positions {
	at := positions{nil}
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].Position == all[from].Position {
			to++
		}
		at = append(at, all[from:to])
		from = to
	}
	return at
}

func (p phrase) standsAt(at positions) bool {
	for start := 1; start+len(p.words) <= len(at); start++ {
		stands := true
		for i, w := range p.words {
			if stands = holdsAny(at[start+i], w.Terms); !stands {
				break
			}
		}
		if stands {
			return true
		}
	}
	return false
}

func holdsAny(terms []lexicon.Occurrence, alternatives []lexicon.Alternative) bool {
	for _, t := range terms {
		for _, a := range alternatives {
			if a.Term == t.Term {
				return true
			}
		}
	}
	return false
}
