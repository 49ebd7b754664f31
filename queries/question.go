package queries

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain"
)

// maxQuery is how many characters a query may have.
const maxQuery = 10_000

// question is a query taken apart.
type question struct {
	// text is what to look for, the words of phrases included.
	text string
	// restriction is what every result must and must not hold, in the syntax of websearch_to_tsquery.
	restriction string
	// phrases tells whether the restriction requires anything, rather than only excluding.
	phrases bool
}

// parseQuestion reads a query: words, "phrases in quotes", -words and -"phrases" to exclude. Nothing is a syntax
// error: a quote without an end is no quote, and a dash within a word or by itself is no exclusion.
func parseQuestion(query string) (question, error) {
	if err := domain.CheckText("query", query, maxQuery); err != nil {
		return question{}, err
	}
	if strings.TrimSpace(query) == "" {
		return question{}, domain.Invalidf("query", "is empty; ask for at least one word")
	}
	var q question
	var text, restriction strings.Builder
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
		// As memories are indexed: one that is looked for by well-known holds the two words next to each other.
		words := domain.PlainWords(token)
		switch {
		case words == "":
		case excluded:
			restriction.WriteString(` -"` + words + `"`)
		case phrase:
			text.WriteString(" " + words)
			restriction.WriteString(` "` + words + `"`)
			q.phrases = true
		default:
			text.WriteString(" " + words)
		}
		rest = strings.TrimLeftFunc(after, unicode.IsSpace)
	}
	q.text, q.restriction = text.String(), restriction.String()
	return q, nil
}

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
