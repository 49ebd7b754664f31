package queries

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const readWords = `
select lexeme
  from unnest(to_tsvector('english', $1))
 order by positions[1]
 limit $2`

const readRestriction = `select websearch_to_tsquery('english', $1)::text`

// prepare reads what the search needs to know before it looks for anything.
func (s *searching) prepare(ctx context.Context) error {
	scope := newStatement(s.tenant)
	readScope := `
select coalesce(sum(memories), 0)::bigint, coalesce(sum(words), 0)::bigint
  from agent_memory_search_scopes
 where tenant_id = $1` + s.filter.scope(scope).and()
	batch := &pgx.Batch{}
	batch.Queue(readCheckpoint, s.tenant, []string{agentMemories, search}).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.position)
	})
	batch.Queue(readScope, scope.args...).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.memories, &s.totalLength)
	})
	collect(batch, readWords, []any{s.question.text, MaxWords}, &s.words, pgx.RowTo[string])
	batch.Queue(readRestriction, s.question.restriction).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.restriction)
	})
	if err := s.tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	for _, word := range s.words {
		s.wordQueries = append(s.wordQueries, quoteWord(word))
	}
	return nil
}

// quoteWord writes a word as a tsquery.
func quoteWord(word string) string {
	return `'` + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(word) + `'`
}

// heldWords is the places of the words that a row of agent_memory_search holds.
func heldWords(wordQueries string) string {
	return `array(select place::smallint
             from unnest(` + wordQueries + `::text[]::tsquery[]) with ordinality as word (query, place)
            where vector @@ query)`
}

// estimate tells how many of many memories hold each word, from a sample: counting in the index takes as long as
// searching. The sample is taken from stretches all over the log, because what was told last is often about one thing.
func (s *searching) estimate(ctx context.Context) ([]float64, error) {
	st := newStatement(s.tenant)
	sql := `
select ` + heldWords(st.arg(s.wordQueries)) + `
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
	rows, err := s.tx.Query(ctx, sql, st.args...)
	if err != nil {
		return nil, err
	}
	sample, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		return c, row.Scan(&c.words)
	})
	if err != nil {
		return nil, err
	}
	documents := count(sample, len(s.words))
	for i := range documents {
		documents[i] *= float64(s.memories) / float64(max(len(sample), 1))
	}
	return documents, nil
}

// readCandidates looks at the memories that a tsquery finds. With countAll it returns also those that the filter
// leaves out, marked, because the words are to be counted in all of them.
func (s *searching) readCandidates(ctx context.Context, driver string, countAll bool) ([]candidate, error) {
	st := newStatement(s.tenant)
	held := heldWords(st.arg(s.wordQueries))
	where := s.filter.scope(st)
	if s.memories <= readThrough {
		// What stands in an expression cannot be looked up in the index.
		where.add(`(vector @@ `, st.arg(driver), `::tsquery) is true`)
	} else {
		where.add(`vector @@ `, st.arg(driver), `::tsquery`)
	}
	filter := s.passing(st)
	passes := `true`
	if countAll {
		passes = `(true` + filter.and() + `) is true`
	} else {
		where = append(where, filter...)
	}
	sql := `
select id, words, created_at, ` + passes + `,
       ` + held + `
  from agent_memory_search
 where tenant_id = $1 and is_active` + where.and() + `
 limit ` + st.arg(maxCandidates)
	rows, err := s.tx.Query(ctx, sql, st.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		return c, row.Scan(&c.id, &c.length, &c.createdAt, &c.passes, &c.words)
	})
}

// passing is what a candidate must fulfil beside holding words.
func (s *searching) passing(st *statement) conditions {
	c := s.filter.narrow(st)
	c.add(`(expires_at is null or expires_at > `, st.arg(s.moment), `)`)
	if s.restriction != "" {
		c.add(`vector @@ `, st.arg(s.restriction), `::tsquery`)
	}
	if wide := s.filter.wide(st); len(wide) > 0 {
		c.add(`exists (select
             from agent_memories
            where tenant_id = $1 and id = agent_memory_search.id`, wide.and(), `)`)
	}
	return c
}

// What was forgotten meanwhile is left out here, where search is behind agent_memories.
const readFrequencies = `
select id,
       array(select ts_rank(vector, query)
               from unnest($2::text[]::tsquery[]) with ordinality as word (query, place)
              order by place)
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
	rows, err := s.tx.Query(ctx, readFrequencies, s.tenant, s.wordQueries, ids, s.moment)
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
		for _, rank := range ranks {
			c.frequencies = append(c.frequencies, frequency(rank))
		}
		return c, nil
	})
}

func (s *searching) readMemories(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Memory, error) {
	st := newStatement(s.tenant)
	sql := st.selectMemories(view{moment: s.moment}, "\n   and id = any("+st.arg(ids)+")", "")
	rows, err := s.tx.Query(ctx, sql, st.args...)
	if err != nil {
		return nil, err
	}
	memories := make(map[uuid.UUID]Memory, len(ids))
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		m, err := scanMemory(row)
		memories[m.ID] = m
		return struct{}{}, err
	})
	return memories, err
}
