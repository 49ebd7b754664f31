package recall

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
)

func TestParseQuery(t *testing.T) {
	analyzer := lexicon.New()
	for query, want := range map[string]parsedQuery{
		`who likes tea?`:              {words: []string{"like", "tea"}},
		`"green tea" please`:          {words: []string{"green", "tea", "pleas"}, restriction: `('green' <1> 'tea')`, phrases: true},
		`"tea of the day" tea`:        {words: []string{"tea", "day"}, restriction: `('tea' <3> 'day')`, phrases: true},
		`tea -coffee`:                 {words: []string{"tea"}, restriction: `!('coffe')`},
		`"my tea" -"black coffee" -x`: {words: []string{"tea"}, restriction: `('tea') & !('black' <1> 'coffe') & !('x')`, phrases: true},
		`tea -the "of"`:               {words: []string{"tea"}},
		`a well-known dash - no`:      {words: []string{"well", "known", "dash"}},
		`an "endless quote`:           {words: []string{"endless", "quot"}},
		`an inner"quote" here`:        {words: []string{"inner", "quot"}},
		`empty "" and -"" quotes`:     {words: []string{"empti", "quot"}},
		`-5 degrees`:                  {words: []string{"degre"}, restriction: `!('5')`},
		`-- or true`:                  {words: []string{"true"}},
		`tea -cof"fee`:                {words: []string{"tea"}, restriction: `!('cof' <1> 'fee')`},
		`?!`:                          {},
	} {
		got, err := parseQuery(query, analyzer)
		require.NoError(t, err)
		require.Equal(t, want, got, query)
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, query := range []string{`a "b c" -d -"e f`, ` `, `"`, `-`, `--"`, "\x00", "\xff"} {
		f.Add(query)
	}
	analyzer := lexicon.New()
	f.Fuzz(func(t *testing.T, query string) {
		q, err := parseQuery(query, analyzer)
		if err != nil {
			require.Equal(t, domain.Invalid, domain.KindOf(err))
			return
		}
		require.LessOrEqual(t, len(q.words), MaxWords)
		for _, word := range q.words {
			require.Equal(t, []string{word}, slices.Collect(lexicon.Words(word)), "nothing to quote")
		}
		require.Zero(t, strings.Count(q.restriction, `'`)%2, "every lexeme ends")
	})
}
