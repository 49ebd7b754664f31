package queries

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

func TestParseQuestion(t *testing.T) {
	for query, want := range map[string]question{
		`who likes tea?`:          {text: ` who likes tea`},
		`"green tea" please`:      {text: ` green tea please`, restriction: ` "green tea"`, phrases: true},
		`tea -coffee`:             {text: ` tea`, restriction: ` -"coffee"`},
		`tea -"black coffee" -x`:  {text: ` tea`, restriction: ` -"black coffee" -"x"`},
		`a well-known dash - no`:  {text: ` a well known dash no`},
		`an "endless quote`:       {text: ` an endless quote`},
		`an inner"quote" here`:    {text: ` an inner quote here`},
		`empty "" and -"" quotes`: {text: ` empty and quotes`},
		`-5 degrees`:              {text: ` degrees`, restriction: ` -"5"`},
		`-- or true`:              {text: ` or true`},
		`tea -cof"fee`:            {text: ` tea`, restriction: ` -"cof fee"`},
	} {
		got, err := parseQuestion(query)
		require.NoError(t, err)
		require.Equal(t, want, got, query)
	}
}

func FuzzParseQuestion(f *testing.F) {
	for _, query := range []string{`a "b c" -d -"e f`, ` `, `"`, `-`, `--"`, "\x00", "\xff"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := parseQuestion(query)
		if err != nil {
			require.Equal(t, domain.Invalid, domain.KindOf(err))
			return
		}
		require.Zero(t, strings.Count(q.restriction, `"`)%2, "every phrase ends")
		require.NotContains(t, q.text, `"`)
	})
}
