package recall

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// exactLimit is the most memories for which a search scores each that holds any word of the query.
const exactLimit = 3_000

// scope holds the statistics of the memories that are searched.
type scope struct {
	memories, words  int64 // counts
	memoriesPosition int64 // of agent_memories
	searchPosition   int64 // of search
}

func (s scope) position() int64        { return min(s.memoriesPosition, s.searchPosition) }
func (s scope) averageLength() float64 { return float64(s.words) / float64(s.memories) }

// loadScope reads the scope and, if it is small enough for an exact search, in the same statement all candidates, with the
// frequencies of the words. "limit all" keeps PostgreSQL from pulling the lateral query up into the join, so that it checks
// the size of the scope once, before it looks for candidates.
func (r *searchRun) loadScope(ctx context.Context) (loaded scope, candidates []candidate, err error) {
	args := filter.Args{r.snap.Tenant}
	whose := r.scope.SQL(scopeColumns, r.snap.Moment, &args)
	terms := args.Add(tsqueries(r.terms))
	found := r.inScope(&args)
	found.Add(`vector @@ `, args.Add(strings.Join(r.terms, " | ")), `::tsquery`)
	sql := `
select position.memories, position.search, scope.memories, scope.words,
       candidate.id, candidate.words, candidate.created_at, candidate.passes, candidate.ranks
  from (select coalesce(max(sequence_id) filter (where projection = '` + snapshot.AgentMemories + `'), 0),
               coalesce(max(sequence_id) filter (where projection = '` + snapshot.Search + `'), 0)
          from projection_checkpoints
         where tenant_id = $1) as position (memories, search)
 cross join (
     select coalesce(sum(memories), 0)::bigint, coalesce(sum(words), 0)::bigint
       from agent_memory_search_scopes
      where tenant_id = $1` + whose.And() + `
 ) as scope (memories, words)
  left join lateral (
     select id, words, created_at, (true` + r.passes(&args).And() + `) is true as passes,
            ` + termRanks(terms) + ` as ranks
       from agent_memory_search
      where scope.memories <= ` + args.Add(exactLimit) + ` and tenant_id = $1 and is_active` + found.And() + `
      limit all
 ) as candidate on true`
	rows, err := r.conn.Query(ctx, sql, args...)
	if err != nil {
		return scope{}, nil, err
	}
	var c struct {
		id        *uuid.UUID
		length    *int
		createdAt *time.Time
		passes    *bool
		ranks     []float32
	}
	_, err = pgx.ForEachRow(rows, []any{
		&loaded.memoriesPosition, &loaded.searchPosition, &loaded.memories, &loaded.words,
		&c.id, &c.length, &c.createdAt, &c.passes, &c.ranks,
	}, func() error {
		if c.id != nil {
			found := candidate{id: *c.id, length: *c.length, createdAt: *c.createdAt, passes: *c.passes}
			found.setRanks(c.ranks)
			candidates = append(candidates, found)
		}
		return nil
	})
	return loaded, candidates, errors.Join(err, rows.Err())
}

// exact scores the candidates that loadScope read: every memory of a small scope that holds a word. It needs no transaction,
// because it reads the memories as of the position that loadScope saw.
func (r *searchRun) exact(ctx context.Context, scope scope, candidates []candidate) (Result, error) {
	documents := countDocuments(candidates, len(r.query.words))
	ranking := newRanking(r.query.words, documents, scope.memories, scope.averageLength())
	limit := r.limit
	if scope.searchPosition < scope.memoriesPosition {
		limit = r.rerank() // search may not know yet that some were forgotten
	}
	passed := slices.DeleteFunc(candidates, func(c candidate) bool { return !c.passes })
	best := ranking.rank(passed, limit)
	memories, err := r.memoriesOf(ctx, snapshot.Snapshot{Tenant: r.snap.Tenant, Moment: r.snap.Moment}, best)
	if err != nil {
		return Result{}, err
	}
	var changed []candidate
	for _, c := range best {
		if m, ok := memories[c.id]; !ok || m.SequenceID > scope.memoriesPosition {
			changed = append(changed, c)
			delete(memories, c.id)
		}
	}
	if len(changed) > 0 {
		then := snapshot.Snapshot{Tenant: r.snap.Tenant, Past: true, Position: scope.memoriesPosition, Moment: r.snap.Moment}
		before, err := r.memoriesOf(ctx, then, changed)
		if err != nil {
			return Result{}, err
		}
		maps.Copy(memories, before)
	}
	return r.result(&ranking, best, memories, scope.position()), nil
}
