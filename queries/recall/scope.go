package recall

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// scopeColumns are the columns by which agent_memory_search_scopes tells scopes apart.
func scopeColumns(f filter.Field) string {
	switch f {
	case filter.AgentID, filter.UserID:
		return string(f)
	}
	return ""
}

// searchColumns are the columns of agent_memory_search, of whose rows only the active ones are read.
func searchColumns(f filter.Field) string {
	switch f {
	case filter.MemoryType, filter.Confidence, filter.CreatedAt, filter.ExpiresAt:
		return filter.Memories(f)
	case filter.State:
		return "'active'"
	}
	return scopeColumns(f)
}

// scopeEntries is what agent_memory_search_idx finds the rows of a scope by. PostgreSQL has no statistics of it, because the
// index is a partial one, and takes any scope for a two-hundredth of the table: small enough to follow the index.
const scopeEntries = `array[tenant_id || '/' || agent_id || '/' || user_id, tenant_id || '/' || agent_id || '/',
         tenant_id || '//' || user_id, tenant_id || '//']`

// inScope is the scope over agent_memory_search. The index has one entry for it, which two scopes may share.
func (r *searchRun) inScope(args *filter.Args) filter.Conditions {
	c := r.scope.SQL(searchColumns, r.snap.Moment, args)
	agentID, userID := r.scope.Scope()
	c.Add(scopeEntries, ` @> array[`, args.Add(strings.Join([]string{string(r.snap.Tenant), agentID, userID}, "/")), `]`)
	return c
}

// passes is what a candidate must fulfil beside holding words.
func (r *searchRun) passes(args *filter.Args) filter.Conditions {
	c := r.narrow.SQL(searchColumns, r.snap.Moment, args)
	if r.query.restriction != "" {
		c.Add(`vector @@ `, args.Add(r.query.restriction), `::tsquery`)
	}
	if wide := r.wide.SQL(filter.Memories, r.snap.Moment, args); len(wide) > 0 {
		c.Add(`exists (select
             from agent_memories
            where tenant_id = $1 and id = agent_memory_search.id`, wide.And(), `)`)
	}
	return c
}

// tsqueries writes an array of tsqueries of single lexemes, in which there is nothing to escape. Cast from texts within a
// statement, it would be parsed again for each row.
func tsqueries(terms []string) string { return "{" + strings.Join(terms, ",") + "}" }

// termRanks is the ts_rank of each word in a row of agent_memory_search.
func termRanks(terms string) string {
	return `array(select ts_rank(vector, query)
               from unnest(` + terms + `::tsquery[]) with ordinality as word (query, place)
              order by place)`
}

// matchedTerms is the places of the words that a row of agent_memory_search holds.
func matchedTerms(terms string) string {
	return `array(select place::smallint
             from unnest(` + terms + `::tsquery[]) with ordinality as word (query, place)
            where vector @@ query)`
}

// scope is what a search needs to know before it looks for anything.
type scope struct {
	memories, words  int64 // how many there are
	memoriesPosition int64 // of agent_memories
	searchPosition   int64 // of search
}

func (s scope) position() int64        { return min(s.memoriesPosition, s.searchPosition) }
func (s scope) averageLength() float64 { return float64(s.words) / float64(s.memories) }

// loadScope reads the scope and, if it is small enough for an exact search, in the same statement all candidates, with the
// frequencies of the words. "limit all" keeps PostgreSQL from pulling the lateral query up into the join, so that it asks for
// the size of the scope once, and before it looks for candidates.
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
			found.setFrequencies(c.ranks)
			candidates = append(candidates, found)
		}
		return nil
	})
	return loaded, candidates, errors.Join(err, rows.Err())
}

// memoriesOf reads the memories of the candidates in a snapshot, and runs other statements after that in the same round trip.
func (r *searchRun) memoriesOf(ctx context.Context, snap snapshot.Snapshot, best []candidate, after ...string) (map[uuid.UUID]snapshot.Memory, error) {
	args := filter.Args{snap.Tenant}
	where := filter.Conditions{"id = any(" + args.Add(pgtype.FlatArray[uuid.UUID](idsOf(best))) + ")"}
	memories := make(map[uuid.UUID]snapshot.Memory, len(best))
	batch := &pgx.Batch{}
	batch.Queue(snap.Select(&args, where, ""), args...).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, snapshot.MemoryScanner())
		for _, m := range found {
			memories[m.ID] = m
		}
		return err
	})
	for _, statement := range after {
		batch.Queue(statement)
	}
	return memories, r.conn.SendBatch(ctx, batch).Close()
}

func idsOf(candidates []candidate) []uuid.UUID {
	ids := make([]uuid.UUID, len(candidates))
	for i, c := range candidates {
		ids[i] = c.id
	}
	return ids
}
