package recall

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/snapshot"
)

// defaultHalfLife is after how many days a memory is half as recent.
const defaultHalfLife = 30

// collect fills a page from the rank that the request begins with.
func (r *run) collect(ctx context.Context, page *answer.Page) error {
	found := r.resultsFrom(r.place.Rank)
	var shown []int
	for !page.Full() {
		s, err := found.next(ctx)
		if err != nil {
			return err
		}
		if s == nil {
			break
		}
		if page.Add(found.hit(s), found.rank-1) {
			shown = append(shown, s.document)
		}
	}
	if page.Full() {
		more, err := found.more(ctx)
		if err != nil {
			return err
		}
		if more {
			page.Follow(found.rank)
		}
	}
	page.Answer.Hint = r.hint
	if found.rank == 0 && r.hint == "" {
		page.Answer.Hint = r.whyNothing()
	}
	if r.request.Context > 0 && len(shown) > 0 {
		return r.addContext(ctx, page, shown)
	}
	return nil
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

// addWeights adds what recency, confidence and importance are worth.
func (r *run) addWeights(s *scored) {
	w := r.request.Weights
	if w.Recency > 0 {
		age := max(0, r.index.moment.Sub(s.memory.UpdatedAt))
		s.recency = w.Recency * math.Exp2(-age.Hours()/24/cmp.Or(w.HalfLifeDays, defaultHalfLife))
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
		if !r.request.Explain {
			continue
		}
		at := r.order.surrounding(b.document)
		for i := range r.words {
			if c := at.best(i); c.neighbor >= 0 {
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
		if p := r.index.place(d); p != nil {
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

func (x *results) explanation(h *scored) *answer.Explain {
	r, document := x.run, h.document
	e := &answer.Explain{Length: x.places[document].length, AverageLength: r.index.averageLength(), Memories: r.index.documents,
		Phrases: h.phrases, Recency: h.recency, Confidence: h.confidence, Importance: h.importance}
	at := r.order.surrounding(document)
	share := (1 - r.request.Weights.Sum()) / x.total
	for i := range r.words {
		w := &r.words[i]
		c := at.best(i)
		s := answer.WordScore{Word: w.Text, Documents: w.documents, IDF: w.idf, Score: share * w.idf * c.value}
		if c.value > 0 {
			term := w.terms[c.term]
			s.Term, s.Kind = term.Term, term.Kind.String()
			s.Frequency = r.index.frequency(term.Term, int(c.document))
			if c.neighbor >= 0 {
				s.Neighbor = &x.places[c.neighbor].memory
			}
		}
		e.Words = append(e.Words, s)
	}
	return e
}
