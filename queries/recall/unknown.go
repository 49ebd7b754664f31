package recall

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/posting"
)

const (
	// likeWeight is the weight of what was probably meant by a word that no memory holds.
	likeWeight = 0.7
	// A word of so many letters may be misspelt in one place, a longer one in two.
	oneTypo, twoTypos = 4, 8
	// minBeginning is how many letters of a longer word a word must have.
	minBeginning = 3
	// maxTypos and maxLonger are how many terms stand for a word.
	maxTypos, maxLonger = 3, 5
)

// unknown returns the words that nothing matches and that may be misspelt or unfinished.
func unknown(words []word) []*word {
	var found []*word
	for i := range words {
		w := &words[i]
		if w.documents == 0 && !w.Stop && utf8.RuneCountInString(w.Text) >= minBeginning && strings.IndexFunc(w.Text, unicode.IsLetter) >= 0 {
			found = append(found, w)
		}
	}
	return found
}

const (
	readDictionaries = `select dictionary from search_segments where tenant_id = $1 and scope = any($2) order by scope, segment`
	readTailTerms    = `
select terms
  from search_scopes as s
  join search_documents as d on d.tenant_id = s.tenant_id and d.scope = s.scope and d.doc >= s.sealed
 where s.tenant_id = $1 and s.scope = any($2)`
)

// vocabulary returns the terms of the scopes. Those of documents that have ended are among them; a term that matches nothing
// does no harm.
func (r *run) vocabulary(ctx context.Context) (map[string]int, error) {
	scopes := make([]int64, 0, len(r.index.scopes))
	for id := range r.index.scopes {
		scopes = append(scopes, id)
	}
	terms := map[string]int{}
	batch := &pgx.Batch{}
	var data []byte
	batch.Queue(readDictionaries, r.snap.Tenant, scopes).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&data}, func() error {
			return posting.ReadDictionary(data, func(term []byte, documents int) bool {
				terms[string(term)] += documents
				return true
			})
		})
		return err
	})
	batch.Queue(readTailTerms, r.snap.Tenant, scopes).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&data}, func() error {
			return posting.Document(data).Each(func(_ uint32, term []byte, _ posting.Counts) { terms[string(term)]++ })
		})
		return err
	})
	return terms, r.conn.SendBatch(ctx, batch).Close()
}

// like is a term that may be meant by a word.
type like struct {
	term     string
	kind     lexicon.Kind
	distance int // of a typo
}

// maxLike bounds how many terms are looked at for a word.
const maxLike = 200

// findLike returns the terms that may be meant by a word: longer words that begin so, and words that differ in one or two
// places.
func (r *run) findLike(w *word, vocabulary map[string]int) []like {
	var found []like
	prefixes := r.lexicon.Prefixes(w.Text)
	for term := range vocabulary {
		if begins(term, prefixes) {
			found = append(found, like{term, lexicon.Prefixed, 0})
		} else if d, ok := misspelt(w, term); ok {
			found = append(found, like{term, lexicon.Typo, d})
		}
	}
	slices.SortFunc(found, func(a, b like) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(vocabulary[b.term], vocabulary[a.term]), cmp.Compare(a.term, b.term))
	})
	return found[:min(maxLike, len(found))]
}

func begins(term string, prefixes []lexicon.Prefix) bool {
	for _, p := range prefixes {
		for _, begin := range p.Begins {
			if strings.HasPrefix(term, begin) {
				return true
			}
		}
	}
	return false
}

// misspelt tells how far a term is from a word that may be misspelt.
func misspelt(w *word, term string) (int, bool) {
	letters := utf8.RuneCountInString(w.Text)
	if letters < oneTypo {
		return 0, false
	}
	allowed := 1
	if letters >= twoTypos {
		allowed = 2
	}
	term = strings.TrimPrefix(term, lexicon.Variant)
	least := distance(w.Text, term, allowed)
	for _, a := range w.Terms {
		if a.Kind != lexicon.Whole && !strings.HasPrefix(a.Term, lexicon.Variant) {
			least = min(least, distance(a.Term, term, allowed))
		}
	}
	return least, least <= allowed
}

// choose adds to a word the best of the terms that may be meant, by how many memories of the index hold them.
func (w *word) choose(x *index, found []like) {
	holding := map[string]int{}
	nearest := twoTypos
	for _, l := range found {
		holding[l.term] = x.holding(l.term)
		if l.kind == lexicon.Typo && holding[l.term] > 0 {
			nearest = min(nearest, l.distance)
		}
	}
	slices.SortStableFunc(found, func(a, b like) int {
		return cmp.Or(cmp.Compare(holding[b.term], holding[a.term]), cmp.Compare(a.term, b.term))
	})
	left := map[lexicon.Kind]int{lexicon.Prefixed: maxLonger, lexicon.Typo: maxTypos}
	for _, l := range found {
		if holding[l.term] > 0 && left[l.kind] > 0 && (l.kind != lexicon.Typo || l.distance == nearest) {
			left[l.kind]--
			w.terms = append(w.terms, lexicon.Alternative{Term: l.term, Weight: likeWeight, Kind: l.kind})
		}
	}
}

// distance is how many letters must be inserted, deleted, replaced or swapped with the next to make one word of the other
// (optimal string alignment); more than limit if it is more than limit.
func distance(a, b string, limit int) int {
	if abs(len(a)-len(b)) > limit*utf8.UTFMax {
		return limit + 1
	}
	x, y := []rune(a), []rune(b)
	if abs(len(x)-len(y)) > limit {
		return limit + 1
	}
	before, last, next := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			replaced := last[j-1]
			if x[i-1] != y[j-1] {
				replaced++
			}
			next[j] = min(last[j]+1, next[j-1]+1, replaced)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
			least = min(least, next[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, next = last, next, before
	}
	return last[len(y)]
}

func abs(n int) int { return max(n, -n) }
