package recall

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries/snapshot"
)

const (
	// phraseWeight is the share of its words that a phrase in quotes adds where it stands.
	phraseWeight = 0.5
	// ties is how many more memories are read than asked for, so that confidence and age decide among equals.
	ties = 20
	// defaultHalfLife is how long a memory stays half as recent.
	defaultHalfLife = 30 * 24 * time.Hour
)

// scored is a document with the parts of its score, which add up to it.
type scored struct {
	ranked
	memory                                   snapshot.Memory
	phrases, recency, confidence, importance float64
}

// hits reads the memories of the best documents and adds what the words do not tell.
func (r *run) hits(ctx context.Context, result Result, best []ranked) (Result, error) {
	read := r.limit + ties
	if r.request.Weights.sum() > 0 || len(r.quoted) > 0 {
		read = max(read, around)
	}
	best = best[:min(read, len(best))]
	places, err := r.storedPlaces(ctx, r.named(best))
	if err != nil {
		return Result{}, err
	}
	memories, err := r.memories(ctx, best, places)
	if err != nil {
		return Result{}, err
	}
	total := bestPossible(r.words)
	for _, p := range r.quoted {
		total += phraseWeight * r.worth(p)
	}
	words := 1 - r.request.Weights.sum()
	all := make([]scored, 0, len(best))
	for _, b := range best {
		m, ok := memories[places[b.document].memory]
		if !ok { // never: both projections have reached the position
			continue
		}
		s := scored{ranked: ranked{b.document, words * b.score / total}, memory: m}
		for _, p := range r.quoted {
			if p.standsIn(r.lexicon, m.Content) {
				s.phrases += words * phraseWeight * r.worth(p) / total
			}
		}
		r.weigh(&s)
		s.score += s.phrases + s.recency + s.confidence + s.importance
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.memory.Confidence, a.memory.Confidence),
			b.memory.CreatedAt.Compare(a.memory.CreatedAt), cmp.Compare(b.document, a.document))
	})
	for _, s := range all[:min(r.limit, len(all))] {
		if s.score < r.request.MinScore {
			break
		}
		hit := Hit{Memory: s.memory, Score: s.score}
		if r.request.Explain {
			hit.Explain = r.explanation(s, places, total/words)
		}
		result.Hits = append(result.Hits, hit)
	}
	result.Hint = r.hint
	if len(result.Hits) == 0 && result.Hint == "" {
		result.Hint = r.whyNothing()
	}
	return result, nil
}

// whyNothing says what one may try.
func (r *run) whyNothing() string {
	switch {
	case r.index.documents == 0:
		return "no memory is active there"
	case len(r.require) > 0 || r.request.MinScore > 0:
		return "no memory meets must, must_not, phrase, prefix and min_score; try without them"
	}
	return "no memory holds any of the words or a similar one"
}

// weigh adds what recency, confidence and importance are worth.
func (r *run) weigh(s *scored) {
	w := r.request.Weights
	if w.Recency > 0 {
		age := max(0, r.index.moment.Sub(s.memory.UpdatedAt))
		s.recency = w.Recency * math.Exp2(-age.Hours()/cmp.Or(w.HalfLife, defaultHalfLife).Hours())
	}
	s.confidence = w.Confidence * s.memory.Confidence
	if w.Importance > 0 {
		metadata, err := canonjson.Parse(s.memory.Metadata)
		if err == nil {
			number, _ := strconv.ParseFloat(metadata.Member(cmp.Or(w.ImportanceKey, "importance")).String(), 64)
			s.importance = w.Importance * min(1, max(0, number))
		}
	}
}

// worth is what the words of a phrase can add at most.
func (r *run) worth(p phrase) float64 {
	sum := 0.0
	for _, w := range p.words {
		for i := range r.words {
			if slices.Equal(r.words[i].Terms, w.Terms) {
				sum += r.words[i].idf * (k1 + 1)
			}
		}
	}
	return sum
}

// named returns the documents and, for an explanation, the neighbours that it names.
func (r *run) named(best []ranked) map[int]bool {
	documents := map[int]bool{}
	for _, b := range best {
		documents[b.document] = true
		for i := range r.words {
			if !r.request.Explain {
				break
			}
			if c := r.words[i].cover(b.document, r.around[b.document]); c.neighbor >= 0 {
				documents[c.neighbor] = true
			}
		}
	}
	return documents
}

const readPlaces = `
select d.scope, d.doc, d.memory_id, d.length
  from unnest($2::bigint[], $3::int[]) as h (scope, doc)
  join search_documents as d on d.tenant_id = $1 and d.scope = h.scope and d.doc = h.doc`

// storedPlaces returns which memories the documents are of.
func (r *run) storedPlaces(ctx context.Context, documents map[int]bool) (map[int]*place, error) {
	places := make(map[int]*place, len(documents))
	var scopes []int64
	var docs []int32
	for d := range documents {
		if p := r.index.places[d]; p != nil {
			places[d] = p
			continue
		}
		s := r.index.scopeOf(d)
		scopes, docs = append(scopes, s.id), append(docs, int32(d-s.base)) //nolint:gosec // a document's number
	}
	if len(docs) == 0 {
		return places, nil
	}
	rows, err := r.conn.Query(ctx, readPlaces, r.snap.Tenant, scopes, pgtype.FlatArray[int32](docs))
	if err != nil {
		return nil, err
	}
	var scope int64
	var p place
	_, err = pgx.ForEachRow(rows, []any{&scope, &p.document, &p.memory, &p.length}, func() error {
		found := p
		found.document += r.index.scopes[scope].base
		places[found.document] = &found
		return nil
	})
	err = errors.Join(err, rows.Err())
	return places, err
}

// memories reads the memories of documents as of the position of the index.
func (r *run) memories(ctx context.Context, of []ranked, places map[int]*place) (map[uuid.UUID]snapshot.Memory, error) {
	if len(of) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(of))
	for i, b := range of {
		ids[i] = places[b.document].memory
	}
	sql, args := r.then().SelectByIDs(ids)
	rows, err := r.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	memories, err := snapshot.CollectByID(rows)
	return memories, errors.Join(err, rows.Err())
}

// then is the state of the memories that the index reflects.
func (r *run) then() snapshot.Snapshot {
	return snapshot.Snapshot{Tenant: r.snap.Tenant, Past: true, Position: r.index.position, Moment: r.index.moment}
}

func (r *run) explanation(h scored, places map[int]*place, total float64) *Explain {
	document := h.document
	e := &Explain{Length: places[document].length, AverageLength: r.index.averageLength(), Memories: r.index.documents,
		Phrases: h.phrases, Recency: h.recency, Confidence: h.confidence, Importance: h.importance}
	for i := range r.words {
		w := &r.words[i]
		c := w.cover(document, r.around[document])
		s := WordScore{Word: w.Text, Documents: w.documents, IDF: w.idf, Score: w.idf * c.value / total}
		if c.value > 0 {
			term := w.terms[c.term]
			s.Term, s.Kind = term.Term, term.Kind.String()
			s.Frequency = r.index.frequency(term.Term, int(c.document))
			if c.neighbor >= 0 {
				s.Neighbor = &places[c.neighbor].memory
			}
		}
		e.Words = append(e.Words, s)
	}
	return e
}
