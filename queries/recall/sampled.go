package recall

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// maxCandidates is the most candidates that one statement reads; if more memories hold the words, it reads any of them.
const maxCandidates = 5_000

// sampled searches a large scope, in one transaction: it estimates how common each word is, reads candidates that hold the
// rarest ones, and reads the frequencies of the words for the best of them only. The transaction begins and ends together
// with statements, which saves two round trips. After an error the connection is left inside the failed transaction, and the
// pool discards it.
func (r *searchRun) sampled(ctx context.Context, scope scope) (Result, error) {
	position, err := r.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	documents, err := r.estimateDocuments(ctx, scope.memories, position)
	if err != nil {
		return Result{}, err
	}
	candidates, err := r.candidates(ctx, documents)
	if err != nil {
		return Result{}, err
	}
	for i, counted := range countDocuments(candidates, len(r.query.words)) {
		documents[i] = max(documents[i], counted)
	}
	ranking := newRanking(r.query.words, documents, scope.memories, scope.averageLength())
	best, err := r.readFrequencies(ctx, ranking.rank(candidates, r.rerank()))
	if err != nil {
		return Result{}, err
	}
	best = ranking.rank(best, r.limit)
	current := snapshot.Snapshot{Tenant: r.snap.Tenant, Moment: r.snap.Moment}
	memories, err := r.memoriesOf(ctx, current, best, commitSnapshot)
	if err != nil {
		return Result{}, err
	}
	return r.result(&ranking, best, memories, position), nil
}

// PostgreSQL takes the snapshot at the statement after the lock, so a rebuild swaps its tables in before both or after both. It
// locks the tables in the same order.
const (
	beginSnapshot  = `begin isolation level repeatable read read only`
	lockSearched   = `lock table agent_memory_search, agent_memories in access share mode`
	commitSnapshot = `commit`
)

// begin begins the transaction and returns the position that it sees.
func (r *searchRun) begin(ctx context.Context) (position int64, err error) {
	batch := &pgx.Batch{}
	batch.Queue(beginSnapshot)
	batch.Queue(lockSearched)
	batch.Queue(snapshot.ReadCheckpoint, r.snap.Tenant, []string{snapshot.AgentMemories, snapshot.Search}).QueryRow(func(row pgx.Row) error {
		return row.Scan(&position)
	})
	return position, r.conn.SendBatch(ctx, batch).Close()
}

// estimateDocuments estimates how many memories hold each word, from a sample: counting in the index takes as long as searching.
// The sample comes from stretches all over the log, because the latest memories are often about one thing. A single word needs
// no estimate.
func (r *searchRun) estimateDocuments(ctx context.Context, memories, position int64) ([]float64, error) {
	if len(r.query.words) == 1 {
		return make([]float64, 1), nil
	}
	args := filter.Args{r.snap.Tenant}
	sql := `
select ` + matchedTerms(args.Add(tsqueries(r.terms))) + `
  from generate_series(0, 39) as stretch
 cross join lateral (
     select id
       from (select id, agent_id, user_id
               from agent_memories
              where tenant_id = $1 and sequence_id > ` + args.Add(position) + `::bigint * stretch / 40
              order by sequence_id
              limit 100) as neighbours
      where true` + r.scope.SQL(scopeColumns, r.snap.Moment, &args).And() + `
      limit 5
 ) as sample
  join agent_memory_search using (id)
 where tenant_id = $1 and is_active`
	rows, _ := r.conn.Query(ctx, sql, args...) // CollectRows returns the error
	sample, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		var places []int16
		err = row.Scan(&places)
		c.setMatched(places, len(r.terms))
		return c, err
	})
	if err != nil {
		return nil, err
	}
	documents := countDocuments(sample, len(r.query.words))
	for i := range documents {
		documents[i] *= float64(memories) / float64(max(len(sample), 1))
	}
	return documents, nil
}

// candidates returns memories that hold the rarest words, and more common ones until there are enough.
func (r *searchRun) candidates(ctx context.Context, documents []float64) ([]candidate, error) {
	if r.query.phrases {
		return r.readCandidates(ctx, r.query.restriction)
	}
	var found []candidate
	for budget := float64(exactLimit); ; budget *= 8 {
		query, all := r.candidateQuery(documents, budget)
		more, err := r.readCandidates(ctx, query)
		if err != nil {
			return nil, err
		}
		// Keep those with rare words: maxCandidates may cut them off among so many more.
		found = union(found, more)
		if all || len(found) >= r.limit {
			return found, nil
		}
	}
}

// candidateQuery returns the tsquery that finds candidates: any of the rarest words that, by the estimates, about budget
// memories hold. If even the rarest word is more common than that, it requires all words at first.
func (r *searchRun) candidateQuery(documents []float64, budget float64) (tsquery string, all bool) {
	order := make([]int, len(r.query.words))
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
		rare = append(rare, r.terms[i])
	}
	if len(rare) == 0 {
		return strings.Join(r.terms, " & "), false
	}
	return strings.Join(rare, " | "), len(rare) == len(order)
}

// readCandidates reads the memories that a tsquery finds and the filter lets through.
func (r *searchRun) readCandidates(ctx context.Context, query string) ([]candidate, error) {
	args := filter.Args{r.snap.Tenant}
	matched := matchedTerms(args.Add(tsqueries(r.terms)))
	where := r.inScope(&args)
	where.Add(`vector @@ `, args.Add(query), `::tsquery`)
	where = append(where, r.passes(&args)...)
	sql := `
select id, words, created_at, ` + matched + `
  from agent_memory_search
 where tenant_id = $1 and is_active` + where.And() + `
 limit ` + args.Add(maxCandidates)
	rows, _ := r.conn.Query(ctx, sql, args...) // CollectRows returns the error
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		var places []int16
		err = row.Scan(&c.id, &c.length, &c.createdAt, &places)
		c.setMatched(places, len(r.terms))
		return c, err
	})
}

// union appends to some candidates the new ones of more.
func union(some, more []candidate) []candidate {
	known := make(map[uuid.UUID]bool, len(some))
	for _, c := range some {
		known[c.id] = true
	}
	return append(some, slices.DeleteFunc(more, func(c candidate) bool { return known[c.id] })...)
}

// This leaves out memories that were forgotten, even if search does not know it yet.
var readFrequencies = `
select id, ` + termRanks("$2") + `
  from agent_memory_search
  join agent_memories using (tenant_id, id)
 where tenant_id = $1 and id = any($3)
   and state = 'active' and (agent_memories.expires_at is null or agent_memories.expires_at > $4)`

// readFrequencies returns the candidates that are still active, with how often each word stands in them.
func (r *searchRun) readFrequencies(ctx context.Context, candidates []candidate) ([]candidate, error) {
	byID := make(map[uuid.UUID]candidate, len(candidates))
	for _, c := range candidates {
		byID[c.id] = c
	}
	rows, _ := r.conn.Query(ctx, readFrequencies, r.snap.Tenant, tsqueries(r.terms), pgtype.FlatArray[uuid.UUID](idsOf(candidates)), r.snap.Moment) // CollectRows returns the error
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (candidate, error) {
		var id uuid.UUID
		var ranks []float32
		if err := row.Scan(&id, &ranks); err != nil {
			return candidate{}, err
		}
		c := byID[id]
		c.setRanks(ranks)
		return c, nil
	})
}
