package queries

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

// The bounds that keep a search fast, whatever is asked for among however many memories.
const (
	// wholeScope is how many memories are few enough to look at each that holds any word of the query.
	wholeScope = 3_000
	// maxCandidates is how many memories are looked at in one go; where more hold the words, which ones is
	// left to chance.
	maxCandidates = 5_000
	// fewestFinalists is how many of the candidates are at least looked at once more, for the frequencies of the words and
	// for whether they are still active.
	fewestFinalists = 60
)

// searching is one search on its way, on one connection.
type searching struct {
	conn     *pgxpool.Conn
	tenant   domain.Tenant
	filter   Filter
	question question
	moment   time.Time
	limit    int
	explain  bool

	position    int64
	ofMemories  int64 // the position of agent_memories alone
	begun       bool  // whether there is a transaction
	memories    int64
	totalLength int64
	wordQueries []string // each word as a tsquery
	hits        []Hit
}

func (s *searching) run(ctx context.Context) error {
	s.hits = []Hit{}
	for _, word := range s.question.words {
		s.wordQueries = append(s.wordQueries, quoteWord(word))
	}
	candidates, err := s.survey(ctx)
	if err != nil || s.memories == 0 {
		return err
	}
	documents := make([]float64, len(s.question.words))
	if s.memories > wholeScope {
		s.begun = true
		if err := s.begin(ctx); err != nil {
			return err
		}
		if len(s.question.words) > 1 {
			if documents, err = s.estimate(ctx); err != nil {
				return err
			}
		}
		if candidates, err = s.candidates(ctx, documents); err != nil {
			return err
		}
	}
	for i, counted := range count(candidates, len(s.question.words)) {
		documents[i] = max(documents[i], counted)
	}
	ranking := newRanking(s.question.words, documents, s.memories, float64(s.totalLength)/float64(s.memories))
	if !s.begun {
		candidates = passing(candidates)
		best := s.limit
		if s.position < s.ofMemories {
			best = s.finalists() // some may be forgotten meanwhile
		}
		return s.readHits(ctx, &ranking, ranking.rank(candidates, best))
	}
	best, err := s.readFrequencies(ctx, ranking.preselect(candidates, s.finalists()))
	if err != nil {
		return err
	}
	return s.readHits(ctx, &ranking, ranking.rank(best, s.limit))
}

func (s *searching) finalists() int { return max(fewestFinalists, 3*s.limit) }

// candidates looks, among many memories, for those that hold the rarest words, and for more common ones until there are
// enough.
func (s *searching) candidates(ctx context.Context, documents []float64) ([]candidate, error) {
	if s.question.phrases {
		return s.readCandidates(ctx, s.question.restriction)
	}
	var found []candidate
	for budget := float64(wholeScope); ; budget *= 8 {
		driver, all := s.driver(documents, budget)
		more, err := s.readCandidates(ctx, driver)
		if err != nil {
			return nil, err
		}
		// The rare ones stay, though they may be cut off among so many more.
		found = union(found, more)
		if all || len(found) >= s.limit {
			return found, nil
		}
	}
}

// driver is the tsquery that finds candidates: any of the rarest words that, by the estimates, about budget
// memories hold. Where even the rarest word is more common than that, it is all of them together at first.
func (s *searching) driver(documents []float64, budget float64) (tsquery string, all bool) {
	order := make([]int, len(s.question.words))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(documents[a] - documents[b]) })
	var rare []string
	sum := 0.0
	for _, i := range order {
		if sum += documents[i]; sum > budget {
			break
		}
		rare = append(rare, s.wordQueries[i])
	}
	if len(rare) == 0 {
		return strings.Join(s.wordQueries, " & "), false
	}
	return strings.Join(rare, " | "), len(rare) == len(order)
}

// union appends to some candidates those of more that are not among them.
func union(some, more []candidate) []candidate {
	known := make(map[uuid.UUID]bool, len(some))
	for _, c := range some {
		known[c.id] = true
	}
	for _, c := range more {
		if !known[c.id] {
			some = append(some, c)
		}
	}
	return some
}

// count counts in how many of the candidates each word stands.
func count(candidates []candidate, words int) []float64 {
	documents := make([]float64, words)
	for _, c := range candidates {
		for _, place := range c.words {
			documents[place-1]++
		}
	}
	return documents
}

// readHits reads the memories of the best candidates, and passes over those that are active no more.
func (s *searching) readHits(ctx context.Context, r *ranking, best []candidate) error {
	ids := make([]uuid.UUID, len(best))
	for i, c := range best {
		ids[i] = c.id
	}
	memories, err := s.readMemories(ctx, ids)
	if err != nil {
		return err
	}
	for _, c := range best {
		memory := memories[c.id]
		if memory.State != StateActive || len(s.hits) == s.limit {
			continue
		}
		hit := Hit{Memory: memory, Score: c.score}
		if s.explain {
			hit.Explain = r.explain(c, s.memories)
		}
		s.hits = append(s.hits, hit)
	}
	return nil
}

func (r *ranking) explain(c candidate, memories int64) *Explain {
	e := &Explain{Words: make([]WordScore, len(r.words)), Length: c.length, AverageLength: r.averageLength, Memories: memories}
	for i, w := range r.words {
		e.Words[i] = WordScore{Word: w.word, Documents: w.documents, IDF: w.idf,
			Frequency: c.frequencies[i], Score: r.part(i, c.frequencies[i], c.length)}
	}
	return e
}
