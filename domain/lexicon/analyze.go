package lexicon

import (
	"iter"
	"strings"

	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// tokens yields the analyses of a text's tokens in order.
func (a *Analyzer) tokens(text string) iter.Seq[*token] {
	return func(yield func(*token) bool) {
		for _, t := range a.spans(segment.Normalize(text)) {
			if !yield(t) {
				return
			}
		}
	}
}

// spans yields the tokens of a normalized text, each with its place.
func (a *Analyzer) spans(text string) iter.Seq2[int, *token] {
	return func(yield func(int, *token) bool) {
		found := false
		for at := 0; at < len(text); {
			if edges[text[at]] == space {
				at++
				continue
			}
			start := at
			for at < len(text) && edges[text[at]] != space {
				at++
			}
			end := at
			for start < end && edges[text[start]]&opens != 0 {
				start++
			}
			for end > start && edges[text[end-1]]&closes != 0 {
				end--
			}
			if start == end { // punctuation only
				for start = end; start > 0 && edges[text[start-1]] != space; {
					start--
				}
				end = at
			}
			t := a.known.token(text[start:end], a.analyze)
			found = found || len(t.words) > 0
			if !yield(start, t) {
				return
			}
		}
		if hidden := strings.TrimSpace(text); !found && hidden != "" {
			// Characters that count for nothing are all there is.
			var t token
			w := word{text: segment.Cut(hidden), stop: alwaysStop, terms: []string{segment.Cut(hidden)}}
			w.add(w.text, 1, Exact)
			t.addWord(w)
			yield(0, &t)
		}
	}
}

// What a character does at the edge of a token.
const (
	space  = 1 << iota // ends it
	opens              // is not part of the token before which it stands
	closes             // is not part of the token after which it stands
)

var edges = func() (is [256]uint8) {
	for _, c := range []byte("\t\n\v\f\r ") {
		is[c] = space
	}
	for _, c := range []byte("([{<\"'*_`|;,!?") {
		is[c] |= opens
	}
	for _, c := range []byte(")]}>\"'*_`|;,.:!?") {
		is[c] |= closes
	}
	return is
}()

// analyze makes the words of a token, a normalized text without ASCII white space.
func (a *Analyzer) analyze(text string) token {
	var t token
	for s := range segment.Segments(text) {
		switch s.Kind {
		case segment.Word:
			a.addCompound(&t, s)
		case segment.Dense:
			a.addPairs(&t, s.Text)
		case segment.Symbol:
			t.addWord(symbolOf(s.Text))
		case segment.Signs:
			w := symbolOf(s.Text)
			w.stop = alwaysStop
			t.addWord(w)
		}
	}
	t.digits = strings.ContainsAny(text, "0123456789")
	return t
}
