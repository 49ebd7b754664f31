package search_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/projections/search"
)

// syllables and suffixes make words that pass through every rule of the stemmer.
var (
	syllables = strings.Fields("a e i o u y ba ke ti lo mu sy ran gest commun gener arsen ll bb tt inn out her proc ex succ skis sky dy ug early")
	suffixes  = strings.Fields(`s es ed eed ing ly ingly edly eedly ies ied us ss at bl iz ational tional enci anci abli entli izer ization ation ator
		alism aliti alli fulness ousli ousness iveness iviti biliti bli ogi fulli lessli li alize icate iciti ical ful ness ative al ance ence er ic
		able ible ant ement ment ent ism ate iti ous ive ize ion e l y Y é ß İ Ж 的 ١`)
)

func randomText(rng *rand.Rand, words int) string {
	var text strings.Builder
	for range words {
		for range 1 + rng.IntN(3) {
			text.WriteString(syllables[rng.IntN(len(syllables))])
		}
		for range rng.IntN(3) {
			text.WriteString(suffixes[rng.IntN(len(suffixes))])
		}
		switch rng.IntN(30) {
		case 0:
			fmt.Fprint(&text, rng.IntN(1000))
		case 1:
			text.WriteString(" The")
		case 2:
			fmt.Fprint(&text, " ", rng.IntN(100_000))
		}
		text.WriteByte(" \n-.'_/@"[rng.IntN(8)])
	}
	return text.String()
}

func TestVectorsEqualPostgreSQLs(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a sample, not a secret
	texts := []string{
		"", "the of and", "She doesn't like decaf!", "Running runs ran runner; 42 times, 3.14 x2y",
		strings.Repeat("again ", 300),               // more positions than a lexeme may have
		strings.Repeat("one two the three ", 5_000), // more places than there are positions
		"e\u0301te\u0301 naïve Straße ΑΘΗΝΑ ЖИЗНЬ 你好 日本語 हिन्दी ١٢٣",
	}
	for range 500 {
		texts = append(texts, randomText(rng, 100))
	}
	plain := make([]string, len(texts))
	for i, text := range texts {
		plain[i] = strings.Join(slices.Collect(lexicon.Words(text)), " ")
	}
	type made struct {
		vector string
		words  int
	}
	rows, err := pool.Query(t.Context(), `
select vector::text, (select coalesce(sum(cardinality(positions)), 0) from unnest(vector))::int
  from unnest($1::text[]) with ordinality as t (text, n)
 cross join lateral to_tsvector('english', text) as vector
 order by n`, plain)
	require.NoError(t, err)
	want, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m made, err error) { return m, row.Scan(&m.vector, &m.words) })
	require.NoError(t, err)
	analyzer := lexicon.New()
	for i, text := range texts {
		// A text gives the same lexemes whether or not it was split into words before.
		for _, form := range []string{text, plain[i]} {
			vector, words := search.Document(analyzer.Occurrences(form))
			require.Equal(t, want[i], made{vector, words}, text)
		}
	}
}
