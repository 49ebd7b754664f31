package recall

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain/memory"
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

// searchRun is one search, on one connection.
type searchRun struct {
	conn    *pgxpool.Conn
	snap    snapshot.Snapshot
	query   parsedQuery
	terms   []string // each word of the query as a tsquery
	limit   int
	explain bool

	entry  string       // of the scope in the index
	scope  filter.Where // whose memories; the statistics are of all of them
	narrow filter.Where // what agent_memory_search has the columns for
	wide   filter.Where // what only agent_memories can tell
}

func newRun(snap snapshot.Snapshot, where filter.Where, query parsedQuery, limit int, explain bool) *searchRun {
	r := &searchRun{snap: snap, query: query, limit: limit, explain: explain}
	for _, word := range query.words {
		r.terms = append(r.terms, quoteWord(word))
	}
	r.entry = strings.Join([]string{string(snap.Tenant), where.AgentID, where.UserID}, "/")
	r.scope, r.narrow = where.Split(scopeColumns)
	r.narrow, r.wide = r.narrow.Split(searchColumns)
	return r
}

// scopeEntries is what agent_memory_search_idx finds the rows of a scope by. PostgreSQL has no statistics of it, because the
// index is a partial one, and takes any scope for a two-hundredth of the table: small enough to follow the index.
const scopeEntries = `array[tenant_id || '/' || agent_id || '/' || user_id, tenant_id || '/' || agent_id || '/',
         tenant_id || '//' || user_id, tenant_id || '//']`

// inScope is the scope over agent_memory_search. The index has one entry for it, which two scopes may share.
func (r *searchRun) inScope(args *filter.Args) filter.Conditions {
	c := r.scope.SQL(searchColumns, r.snap.Moment, args)
	c.Add(scopeEntries, ` @> array[`, args.Add(r.entry), `]`)
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

// minRerank is how many of the best candidates are at least looked at once more, for what is not known of them yet.
const minRerank = 60

func (r *searchRun) rerank() int { return max(minRerank, 3*r.limit) }

// result leaves out memories that are no longer active.
func (r *searchRun) result(ranking *ranking, best []candidate, memories map[uuid.UUID]snapshot.Memory, position int64) Result {
	result := Result{Hits: []Hit{}, SequenceID: position}
	for _, c := range best {
		m := memories[c.id]
		if m.State != string(memory.StateActive) || len(result.Hits) == r.limit {
			continue
		}
		hit := Hit{Memory: m, Score: c.score}
		if r.explain {
			hit.Explain = ranking.explain(c)
		}
		result.Hits = append(result.Hits, hit)
	}
	return result
}
