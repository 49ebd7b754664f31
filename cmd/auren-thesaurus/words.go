package main

import (
	"strings"

	"github.com/auren-memory/auren/domain/lexicon"
)

// word is a stem and the form of it that is embedded, the first in the vocabulary: mostly the most frequent.
type word struct {
	stem, surface string
}

// vocabulary returns the stems of the words of letters among a model's tokens, without stop words, in the tokens' order.
func vocabulary(tokens []string, analyzer *lexicon.Analyzer) []word {
	var words []word
	known := map[string]bool{}
	for _, token := range tokens {
		if len(token) < 2 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz") != "" {
			continue
		}
		analyzed := analyzer.Query(token)
		if len(analyzed) != 1 || analyzed[0].Stop {
			continue
		}
		if stem := analyzed[0].Terms[0].Term; !known[stem] {
			known[stem] = true
			words = append(words, word{stem, token})
		}
	}
	return words
}
