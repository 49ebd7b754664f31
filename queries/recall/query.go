package recall

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
)

const (
	// MaxWords is how many different words of a query are looked for: the first ones.
	MaxWords = 32
	// maxQuery is how many characters a query may have.
	maxQuery = 10_000
)

// parsedQuery is what a query asks for.
type parsedQuery struct {
	// words are the lexemes to look for, those of phrases included, in the order of the query; MaxWords at most.
	words []string
	// restriction is a tsquery that every result must match; empty for any result.
	restriction string
	// phrases tells whether the restriction requires anything, rather than only excluding.
	phrases bool
}

// parseQuery reads a query: words, "phrases in quotes", -words and -"phrases" to exclude. There are no
// syntax errors: a quote without an end, and a dash within a word or by itself, are plain text. An exclusion or a phrase of
// stop words only restricts nothing.
func parseQuery(query string, analyzer *lexicon.Analyzer) (parsedQuery, error) {
	if err := domain.CheckText("query", query, maxQuery); err != nil {
		return parsedQuery{}, err
	}
	if strings.TrimSpace(query) == "" {
		return parsedQuery{}, domain.Invalidf("query", "must hold at least one word")
	}
	var q parsedQuery
	var restrictions []string
	for rest := query; rest != ""; {
		excluded := strings.HasPrefix(rest, "-") && begins(rest[1:])
		if excluded {
			rest = rest[1:]
		}
		token, after, phrase := cutPhrase(rest)
		if !phrase {
			end := strings.IndexFunc(rest, unicode.IsSpace)
			if end < 0 {
				end = len(rest)
			}
			token, after = rest[:end], rest[end:]
		}
		// Analyzed like memories: -well-known excludes the two words next to each other.
		found := analyzer.Occurrences(token)
		switch {
		case len(found) == 0:
		case excluded:
			restrictions = append(restrictions, "!"+sequence(found))
		case phrase:
			restrictions = append(restrictions, sequence(found))
			q.phrases = true
			q.addTerms(found)
		default:
			q.addTerms(found)
		}
		rest = strings.TrimLeftFunc(after, unicode.IsSpace)
	}
	q.restriction = strings.Join(restrictions, " & ")
	return q, nil
}

// addTerms adds lexemes that are not there yet.
func (q *parsedQuery) addTerms(found []lexicon.Occurrence) {
	for _, o := range found {
		if len(q.words) < MaxWords && !slices.Contains(q.words, o.Lexeme) {
			q.words = append(q.words, o.Lexeme)
		}
	}
}

// sequence is the tsquery of lexemes that stand at these distances from each other.
func sequence(found []lexicon.Occurrence) string {
	var query strings.Builder
	query.WriteString("(")
	for i, o := range found {
		if i > 0 {
			fmt.Fprintf(&query, " <%d> ", o.Position-found[i-1].Position)
		}
		query.WriteString(quoteWord(o.Lexeme))
	}
	query.WriteString(")")
	return query.String()
}

// quoteWord writes a lexeme, which is made of letters, digits and marks alone, as a tsquery.
func quoteWord(lexeme string) string { return "'" + lexeme + "'" }

// begins tells whether a word or a phrase begins here.
func begins(text string) bool {
	if _, _, ok := cutPhrase(text); ok {
		return true
	}
	first, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(first) || unicode.IsDigit(first)
}

// cutPhrase reads a phrase in quotes.
func cutPhrase(text string) (phrase, after string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", text, false
	}
	phrase, after, ok = strings.Cut(text[1:], `"`)
	if !ok || strings.TrimSpace(phrase) == "" {
		return "", text, false
	}
	return phrase, after, true
}
