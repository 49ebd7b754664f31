package queries

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// tsqueries writes an array of tsqueries of single lexemes, in which there is nothing to escape. Cast from texts within a
// statement, it would be parsed again for each row.
func tsqueries(wordQueries []string) string { return "{" + strings.Join(wordQueries, ",") + "}" }

// scopeEntries is what agent_memory_search_idx finds the rows of a scope by. PostgreSQL has no statistics of it, the index being
// a partial one, and takes any scope for a two-hundredth of the table: small enough to follow the index.
const scopeEntries = `array[tenant_id || '/' || agent_id || '/' || user_id, tenant_id || '/' || agent_id || '/',
         tenant_id || '//' || user_id, tenant_id || '//']`

// survey reads what the search needs to know before it looks for anything; in a scope of few memories it returns also all
// candidates, with the frequencies of the words. "limit all" keeps PostgreSQL from pulling the lateral query up into the
// join, so that it asks for the size of the scope once, and before it looks for candidates.
func (s *searching) survey(ctx context.Context) ([]candidate, error) {
	st := newStatement(s.tenant)
	scope := s.filter.scope(st)
	words := st.arg(tsqueries(s.wordQueries))
	found := s.filter.searched(st, s.tenant)
	found.add(`vector @@ `, st.arg(strings.Join(s.wordQueries, " | ")), `::tsquery`)
	sql := `
select position.memories, position.search, scope.memories, scope.words,
       candidate.id, candidate.words, candidate.created_at, candidate.passes, candidate.ranks
  from (select coalesce(max(sequence_id) filter (where projection = '` + agentMemories + `'), 0),
               coalesce(max(sequence_id) filter (where projection = '` + search + `'), 0)
          from projection_checkpoints
         where tenant_id = $1) as position (memories, search)
 cross join (
     select coalesce(sum(memories), 0)::bigint, coalesce(sum(words), 0)::bigint
       from agent_memory_search_scopes
      where tenant_id = $1` + scope.and() + `
 ) as scope (memories, words)
  left join lateral (
     select id, words, created_at, (true` + s.passing(st).and() + `) is true as passes,
            ` + ranks(words) + ` as ranks
       from agent_memory_search
      where scope.memories <= ` + st.arg(wholeScope) + ` and tenant_id = $1 and is_active` + found.and() + `
      limit all
 ) as candidate on true`
	rows, err := s.conn.Query(ctx, sql, st.args...)
	if err != nil {
		return nil, err
	}
	var candidates []candidate
	var ofSearch int64
	var c struct {
		id        *uuid.UUID
		length    *int
		createdAt *time.Time
		passes    *bool
		ranks     []float32
	}
	_, err = pgx.ForEachRow(rows, []any{
		&s.ofMemories, &ofSearch, &s.memories, &s.totalLength, &c.id, &c.length, &c.createdAt, &c.passes, &c.ranks,
	}, func() error {
		if c.id != nil {
			found := candidate{id: *c.id, length: *c.length, createdAt: *c.createdAt, passes: *c.passes}
			found.take(c.ranks)
			candidates = append(candidates, found)
		}
		return nil
	})
	s.position = min(s.ofMemories, ofSearch)
	return candidates, errors.Join(err, rows.Err())
}

// A snapshot is taken by the statement after the lock, so that a rebuild that swaps the tables in comes before both or
// after both. It locks them in the same order.
const (
	beginSnapshot  = `begin isolation level repeatable read read only`
	lockSearched   = `lock table agent_memory_search, agent_memories in access share mode`
	commitSnapshot = `commit`
)

// begin begins the transaction in which many memories are searched.
func (s *searching) begin(ctx context.Context) error {
	batch := &pgx.Batch{}
	batch.Queue(beginSnapshot)
	batch.Queue(lockSearched)
	batch.Queue(readCheckpoint, s.tenant, []string{agentMemories, search}).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.position)
	})
	return s.conn.SendBatch(ctx, batch).Close()
}

// ranks is the ts_rank of each word in a row of agent_memory_search.
func ranks(wordQueries string) string {
	return `array(select ts_rank(vector, query)
               from unnest(` + wordQueries + `::tsquery[]) with ordinality as word (query, place)
              order by place)`
}

// heldWords is the places of the words that a row of agent_memory_search holds.
func heldWords(wordQueries string) string {
	return `array(select place::smallint
             from unnest(` + wordQueries + `::tsquery[]) with ordinality as word (query, place)
            where vector @@ query)`
}

// estimate tells how many of many memories hold each word, from a sample: counting in the index takes as long as
// searching. The sample is taken from stretches all over the log, because what was told last is often about one thing.
func (s *searching) estimate(ctx context.Context) ([]float64, error) {
	st := newStatement(s.tenant)
	sql := `
select ` + heldWords(st.arg(tsqueries(s.wordQueries))) + `
  from generate_series(0, 39) as stretch
 cross join lateral (
     select id
       from (select id, agent_id, user_id
               from agent_memories
              where tenant_id = $1 and sequence_id > ` + st.arg(s.position) + `::bigint * stretch / 40
              order by sequence_id
              limit 100) as neighbours
      where true` + s.filter.scope(st).and() + `
      limit 5
 ) as sample
  join agent_memory_search using (id)
 where tenant_id = $1 and is_active`
	rows, err := s.conn.Query(ctx, sql, st.args...)
	if err != nil {
		return nil, err
	}
	sample, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		return c, row.Scan(&c.words)
	})
	if err != nil {
		return nil, err
	}
	documents := count(sample, len(s.question.words))
	for i := range documents {
		documents[i] *= float64(s.memories) / float64(max(len(sample), 1))
	}
	return documents, nil
}

// readCandidates looks at the memories that a tsquery finds and the filter lets through.
func (s *searching) readCandidates(ctx context.Context, driver string) ([]candidate, error) {
	st := newStatement(s.tenant)
	held := heldWords(st.arg(tsqueries(s.wordQueries)))
	where := s.filter.searched(st, s.tenant)
	where.add(`vector @@ `, st.arg(driver), `::tsquery`)
	where = append(where, s.passing(st)...)
	sql := `
select id, words, created_at, ` + held + `
  from agent_memory_search
 where tenant_id = $1 and is_active` + where.and() + `
 limit ` + st.arg(maxCandidates)
	rows, err := s.conn.Query(ctx, sql, st.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		c.passes = true
		return c, row.Scan(&c.id, &c.length, &c.createdAt, &c.words)
	})
}

// passing is what a candidate must fulfil beside holding words.
func (s *searching) passing(st *statement) conditions {
	c := s.filter.narrow(st)
	c.add(`(expires_at is null or expires_at > `, st.arg(s.moment), `)`)
	if s.question.restriction != "" {
		c.add(`vector @@ `, st.arg(s.question.restriction), `::tsquery`)
	}
	if wide := s.filter.wide(st); len(wide) > 0 {
		c.add(`exists (select
             from agent_memories
            where tenant_id = $1 and id = agent_memory_search.id`, wide.and(), `)`)
	}
	return c
}

// What was forgotten meanwhile is left out here, where search is behind agent_memories.
var readFrequencies = `
select id, ` + ranks("$2") + `
  from agent_memory_search
  join agent_memories using (tenant_id, id)
 where tenant_id = $1 and id = any($3)
   and state = 'active' and (agent_memories.expires_at is null or agent_memories.expires_at > $4)`

// readFrequencies returns those of the candidates that are still active, with how often each word stands in them.
func (s *searching) readFrequencies(ctx context.Context, candidates []candidate) ([]candidate, error) {
	byID := make(map[uuid.UUID]candidate, len(candidates))
	ids := make([]uuid.UUID, len(candidates))
	for i, c := range candidates {
		ids[i], byID[c.id] = c.id, c
	}
	rows, err := s.conn.Query(ctx, readFrequencies, s.tenant, tsqueries(s.wordQueries), pgtype.FlatArray[uuid.UUID](ids), s.moment)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (candidate, error) {
		var id uuid.UUID
		var ranks []float32
		if err := row.Scan(&id, &ranks); err != nil {
			return candidate{}, err
		}
		c := byID[id]
		c.take(ranks)
		return c, nil
	})
}

// readMemories reads the memories. Those of a transaction are its own, and it ends in the same round trip; without one,
// they are as they were when the search began.
func (s *searching) readMemories(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Memory, error) {
	memories := make(map[uuid.UUID]Memory, len(ids))
	now := view{moment: s.moment}
	if s.begun {
		return memories, s.readView(ctx, now, ids, memories, commitSnapshot)
	}
	if err := s.readView(ctx, now, ids, memories); err != nil {
		return nil, err
	}
	var changed []uuid.UUID
	for _, id := range ids {
		if m, ok := memories[id]; !ok || m.SequenceID > s.ofMemories {
			changed = append(changed, id)
			delete(memories, id)
		}
	}
	if len(changed) == 0 {
		return memories, nil
	}
	then := view{moment: s.moment, past: true, sequenceID: s.ofMemories}
	return memories, s.readView(ctx, then, changed, memories)
}

// readView reads memories as a view has them, and runs other statements behind that.
func (s *searching) readView(ctx context.Context, v view, ids []uuid.UUID, into map[uuid.UUID]Memory, behind ...string) error {
	st := newStatement(s.tenant)
	sql := st.selectMemories(v, "\n   and id = any("+st.arg(pgtype.FlatArray[uuid.UUID](ids))+")", "")
	var found []Memory
	batch := &pgx.Batch{}
	batch.Queue(sql, st.args...).Query(collectInto(&found, memoryScanner()))
	for _, statement := range behind {
		batch.Queue(statement)
	}
	if err := s.conn.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	for _, m := range found {
		into[m.ID] = m
	}
	return nil
}
