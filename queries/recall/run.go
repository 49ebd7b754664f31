package recall

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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
	scope  filter.Where // agent and user, whose memories the statistics are of
	narrow filter.Where // the rest of what agent_memory_search has the columns for
	wide   filter.Where // what only agent_memories has the columns for
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

// scopeEntries is the expression by which agent_memory_search_idx finds the rows of a scope. PostgreSQL has no statistics of it,
// because the index is partial, and takes any scope for a two-hundredth of the table: small enough to follow the index.
const scopeEntries = `array[tenant_id || '/' || agent_id || '/' || user_id, tenant_id || '/' || agent_id || '/',
         tenant_id || '//' || user_id, tenant_id || '//']`

// inScope is the scope as conditions on agent_memory_search. Two scopes may share an entry in the index.
func (r *searchRun) inScope(args *filter.Args) filter.Conditions {
	c := r.scope.SQL(searchColumns, r.snap.Moment, args)
	c.Add(scopeEntries, ` @> array[`, args.Add(r.entry), `]`)
	return c
}

// passes returns the conditions for a candidate other than holding words.
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

// tsqueries writes an array of tsqueries of single lexemes, which need no escaping. If the statement cast texts instead,
// PostgreSQL would parse them again for each row.
func tsqueries(terms []string) string { return "{" + strings.Join(terms, ",") + "}" }

// termRanks selects the ts_rank of each word in a row of agent_memory_search.
func termRanks(terms string) string {
	return `array(select ts_rank(vector, query)
               from unnest(` + terms + `::tsquery[]) with ordinality as word (query, place)
              order by place)`
}

// matchedTerms selects the places of the words that a row of agent_memory_search holds.
func matchedTerms(terms string) string {
	return `array(select place::smallint
             from unnest(` + terms + `::tsquery[]) with ordinality as word (query, place)
            where vector @@ query)`
}

// memoriesOf reads the memories of the candidates in a snapshot, and runs other statements after that in the same round trip.
func (r *searchRun) memoriesOf(ctx context.Context, snap snapshot.Snapshot, best []candidate, after ...string) (memories map[uuid.UUID]snapshot.Memory, err error) {
	batch := &pgx.Batch{}
	sql, args := snap.SelectByIDs(idsOf(best))
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		memories, err = snapshot.CollectByID(rows)
		return err
	})
	for _, statement := range after {
		batch.Queue(statement)
	}
	err = r.conn.SendBatch(ctx, batch).Close()
	return memories, err
}

func idsOf(candidates []candidate) []uuid.UUID {
	ids := make([]uuid.UUID, len(candidates))
	for i, c := range candidates {
		ids[i] = c.id
	}
	return ids
}

// minRerank is the least number of the best candidates that are read again, for what is not known of them yet.
const minRerank = 60

func (r *searchRun) rerank() int { return max(minRerank, 3*r.limit) }

// result returns the best candidates whose memories are still active.
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
