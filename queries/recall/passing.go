package recall

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/filter"
)

// maxPhraseCandidates is how many memories, the best by their words, are read to see whether a phrase stands in them.
const maxPhraseCandidates = 2_000

// sieve tells which documents may be found: those that hold what they must, of memories that the filter lets through. The memories
// are not looked at before they matter, the best first: to look at all of a scope takes longer than to search it.
type sieve struct {
	*run
	own *ownScores
	// kept are the documents that hold what they must; nil for all.
	kept []bool
	// verdicts of the filter, by document; nil without a filter.
	verdicts        []verdict
	checked, passed int
}

// verdict is what a filter says of a document.
type verdict uint8

const (
	unchecked verdict = iota
	accepted
	rejected
)

func (r *run) sieve(ctx context.Context) (*sieve, error) {
	s := &sieve{run: r, own: scoreOwn(r.index, r.words)}
	if len(r.narrow.SQL(filter.Memories, r.index.moment, &filter.Args{})) > 1 { // more than the state, which the index knows
		s.verdicts = make([]verdict, r.index.size)
	}
	var phrases []phrase
	for _, c := range r.require {
		for _, w := range c.words {
			if !w.Stop || len(c.words) == 1 {
				s.require(r.index.holders(w), !c.not)
			}
		}
		if c.phrase != nil {
			phrases = append(phrases, *c.phrase)
		}
	}
	if r.request.Prefix != "" {
		beginning := r.lexicon.Query(r.request.Prefix)
		last := beginning[len(beginning)-1].Text
		for _, w := range r.words {
			if w.Text == last {
				s.require(r.index.holders(w), true)
			}
		}
	}
	if len(phrases) > 0 {
		stand, err := s.standing(ctx, phrases)
		if err != nil {
			return nil, err
		}
		s.require(stand, true)
	}
	return s, nil
}

// require adds a condition.
func (s *sieve) require(holds []bool, want bool) {
	if s.kept == nil {
		s.kept = slices.Repeat([]bool{true}, s.index.size)
	}
	for d, holds := range holds {
		s.kept[d] = s.kept[d] && holds == want
	}
}

// holders returns which documents hold a word itself, not only a synonym.
func (x *index) holders(w word) []bool {
	holds := make([]bool, x.size)
	for _, a := range w.terms {
		if a.Kind == lexicon.Synonym {
			continue
		}
		for _, d := range x.lists[a.Term].Docs {
			holds[d] = !x.hidden[d]
		}
	}
	return holds
}

// readAtOnce bounds the memories that are held at a time: each may be of 1 MiB.
const readAtOnce = 50

// standing returns which documents hold all of the phrases.
func (s *sieve) standing(ctx context.Context, phrases []phrase) ([]bool, error) {
	best, err := s.best(ctx, maxPhraseCandidates)
	if err != nil {
		return nil, err
	}
	documents := map[int]bool{}
	for _, b := range best {
		documents[b.document] = true
	}
	places, err := s.storedPlaces(ctx, documents)
	if err != nil {
		return nil, err
	}
	all := make([]bool, s.index.size)
	for some := range slices.Chunk(best, readAtOnce) {
		memories, err := s.memories(ctx, some, places)
		if err != nil {
			return nil, err
		}
		for _, b := range some {
			stand, err := standIn(ctx, phrases, s.lexicon, memories[places[b.document].memory].Content)
			if err != nil {
				return nil, err
			}
			all[b.document] = !slices.Contains(stand, false)
		}
	}
	return all, nil
}

// filters tells whether there is a filter.
func (s *sieve) filters() bool { return s.verdicts != nil }

// passes tells whether a document that was checked may be found.
func (s *sieve) passes(document int) bool {
	return (s.kept == nil || s.kept[document]) && (s.verdicts == nil || s.verdicts[document] == accepted)
}

// mayPass tells whether a document may be found as far as is known.
func (s *sieve) mayPass(document int) bool {
	return (s.kept == nil || s.kept[document]) && (s.verdicts == nil || s.verdicts[document] != rejected)
}

// best returns the documents that may be found and are best by their own words, in order.
func (s *sieve) best(ctx context.Context, limit int) ([]ranked, error) {
	for take := limit; ; {
		best := s.own.best(take, s.mayPass)
		if s.verdicts == nil {
			return best, nil
		}
		documents := make([]int, len(best))
		for i, b := range best {
			documents[i] = b.document
		}
		if err := s.check(ctx, documents); err != nil {
			return nil, err
		}
		all := len(best) < take
		best = slices.DeleteFunc(best, func(b ranked) bool { return !s.passes(b.document) })
		if all || len(best) >= limit {
			return best[:min(limit, len(best))], nil
		}
		// As many as are expected to be needed, and some more.
		take = len(best) + int(1.3*float64(limit-len(best))/s.rate()) + 1
	}
}

// rate is the share of documents that are expected to pass.
func (s *sieve) rate() float64 { return (float64(s.passed) + 0.5) / (float64(s.checked) + 1) }

// What it takes, in microseconds, to look at the memory of a document, to look at a memory when all of the scopes are looked at, by
// its columns or into JSON, and to find the document of a memory that passes.
const checkCost, scanCost, scanJSONCost, findCost = 9, 0.15, 0.7, 2.6

// check finds out what the filter says of documents: one by one, or of all that there are if that takes less time.
func (s *sieve) check(ctx context.Context, documents []int) error {
	if s.verdicts == nil {
		return nil
	}
	documents = slices.DeleteFunc(slices.Clone(documents), func(d int) bool { return s.verdicts[d] != unchecked })
	if len(documents) == 0 {
		return nil
	}
	scan := scanCost
	if _, rest := s.narrow.Split(columnsWithoutJSON); len(rest.SQL(filter.Memories, s.index.moment, &filter.Args{})) > 0 {
		scan = scanJSONCost
	}
	if checkCost*float64(len(documents)) > (scan+findCost*s.rate())*float64(s.index.documents) {
		return s.checkAll(ctx)
	}
	return s.checkEach(ctx, documents)
}

func columnsWithoutJSON(f filter.Field) string {
	if f == filter.Metadata || f == filter.Content {
		return ""
	}
	return filter.Memories(f)
}

func (s *sieve) checkEach(ctx context.Context, documents []int) error {
	var known, sought, docs []int32
	var memories []uuid.UUID
	var scopes []int64
	for _, d := range documents {
		s.verdicts[d] = rejected
		if p := s.index.place(d); p != nil {
			known, memories = append(known, int32(d)), append(memories, p.memory) //nolint:gosec // a document's number
			continue
		}
		in := s.index.scopeOf(d)
		sought, scopes, docs = append(sought, int32(d)), append(scopes, in.id), append(docs, int32(d-in.base)) //nolint:gosec // as above
	}
	args := filter.Args{s.snap.Tenant, pgtype.FlatArray[int32](known), pgtype.FlatArray[uuid.UUID](memories),
		pgtype.FlatArray[int32](sought), scopes, pgtype.FlatArray[int32](docs)}
	conditions := append(s.narrow.SQL(filter.Memories, s.index.moment, &args), "id = sought.memory_id")
	sql := `
select sought.document
  from (select *
          from unnest($2::int[], $3::uuid[]) as k (document, memory_id)
         union all
        select u.document, d.memory_id
          from unnest($4::int[], $5::bigint[], $6::int[]) as u (document, scope, doc)
          join search_documents as d on d.tenant_id = $1 and d.scope = u.scope and d.doc = u.doc) as sought
 cross join lateral (` + s.then().Select(&args, conditions, "") + `) as m`
	s.checked += len(documents)
	var document int
	return s.read(ctx, sql, args, []any{&document}, func() { s.accept(document) })
}

func (s *sieve) checkAll(ctx context.Context) error {
	for d := range s.verdicts {
		s.verdicts[d] = rejected
	}
	s.checked, s.passed = int(s.index.documents), 0
	args := filter.Args{s.snap.Tenant}
	conditions := s.narrow.SQL(filter.Memories, s.index.moment, &args)
	conditions = append(conditions, s.owners.SQL(filter.Memories, s.index.moment, &args)...)
	sql := `
select d.scope, d.doc
  from (` + s.then().Select(&args, conditions, "") + `) as m
  join search_documents as d on d.tenant_id = $1 and d.memory_id = m.id
 where d.from_seq <= ` + args.Add(s.index.position) + ` and d.to_seq > ` + args.Add(s.index.position)
	var scope int64
	var doc int
	return s.read(ctx, sql, args, []any{&scope, &doc}, func() {
		if in := s.index.scopes[scope]; in != nil && doc < in.documents {
			s.accept(in.base + doc)
		}
	})
}

func (s *sieve) accept(document int) {
	s.verdicts[document] = accepted
	s.passed++
}

// read calls each for every row, which it has scanned.
func (s *sieve) read(ctx context.Context, sql string, args filter.Args, into []any, each func()) error {
	rows, err := s.conn.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		each()
		return nil
	})
	return errors.Join(err, rows.Err())
}
