package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// store reads and writes the tables of a tenant.
type store struct {
	tx     pgx.Tx
	tenant domain.Tenant
}

const (
	loadDocuments = `
select m.id, d.scope, d.doc, d.from_seq, d.to_seq, d.expires_at, d.created_at, d.opened_seq, d.session, d.text_seq, d.length
  from unnest($2::uuid[]) as m (id)
 cross join lateral (
     select *
       from search_documents
      where tenant_id = $1 and memory_id = m.id
      order by doc desc
      limit 1) as d`

	loadScopes = `
select agent_id, user_id, scope, documents, sealed
  from search_scopes
 where tenant_id = $1 and scope = any($2)
union
select s.agent_id, s.user_id, s.scope, s.documents, s.sealed
  from (select distinct * from unnest($3::text[], $4::text[])) as o (agent_id, user_id)
 cross join lateral (
     select *
       from search_scopes as s
      where s.tenant_id = $1 and s.agent_id = o.agent_id and s.user_id = o.user_id
     offset 0) as s`

	loadTenant = `
select coalesce(max(scope), 0),
       coalesce((select languages from search_languages where tenant_id in ($1, '') order by tenant_id desc limit 1), '')
  from search_scopes
 where tenant_id = $1`
)

// load reads what the changes build upon: the last document of each memory, and the scopes.
func (s store) load(ctx context.Context, changes []change) (*batch, error) {
	b := &batch{latest: map[uuid.UUID]*document{}, scopes: map[[2]string]*scope{}}
	known := map[uuid.UUID]bool{}
	var agents, users []string
	for _, c := range changes {
		if c.stored.Version == 1 {
			agents, users = append(agents, c.stored.AgentID), append(users, c.stored.UserID)
			continue
		}
		known[c.stored.StreamID] = true
	}
	var documents []*document
	var ids []int64
	if len(known) > 0 {
		var err error
		if documents, ids, err = s.loadDocuments(ctx, slices.Collect(maps.Keys(known))); err != nil {
			return nil, err
		}
	}
	rows, err := s.tx.Query(ctx, loadScopes, s.tenant, ids, agents, users)
	if err != nil {
		return nil, fmt.Errorf("read scopes: %w", err)
	}
	byID := map[int64]*scope{}
	var found scope
	_, err = pgx.ForEachRow(rows, []any{&found.agent, &found.user, &found.id, &found.documents, &found.sealed}, func() error {
		found.stored = true
		one := found
		b.scopes[[2]string{one.agent, one.user}], byID[one.id] = &one, &one
		return nil
	})
	err = errors.Join(err, rows.Err())
	if err != nil {
		return nil, fmt.Errorf("read scopes: %w", err)
	}
	for i, d := range documents {
		d.scope = byID[ids[i]]
		b.latest[d.memory] = d
	}
	err = s.tx.QueryRow(ctx, loadTenant, s.tenant).Scan(&b.lastScope, &b.languages)
	return b, err
}

// loadDocuments returns documents and the ids of their scopes.
func (s store) loadDocuments(ctx context.Context, memories []uuid.UUID) (documents []*document, scopes []int64, err error) {
	rows, err := s.tx.Query(ctx, loadDocuments, s.tenant, memories)
	if err != nil {
		return nil, nil, fmt.Errorf("read documents: %w", err)
	}
	documents, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*document, error) {
		d := document{stored: true}
		var in int64
		err := row.Scan(&d.memory, &in, &d.doc, &d.from, &d.to, &d.expiresAt, &d.createdAt, &d.opened, &d.session, &d.told, &d.length)
		scopes = append(scopes, in)
		return &d, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read documents: %w", err)
	}
	return documents, scopes, nil
}

// loadTexts analyzes the texts of the documents that a change may follow by another with the same text. They are read from the
// log: keeping the terms of all documents would take more room than all the rest of the index.
func (s store) loadTexts(ctx context.Context, words *lexicon.Analyzer, b *batch, changes []change) error {
	byEvent := map[int64]*document{}
	for _, c := range changes {
		switch c.event.(type) {
		case memory.Restored, memory.ExpirySet:
			if d := b.latest[c.stored.StreamID]; d != nil && d.told > 0 {
				byEvent[d.told] = d
			} else if d != nil {
				d.terms = noTerms
			}
		}
	}
	if len(byEvent) == 0 {
		return nil
	}
	events, err := eventstore.ReadEvents(ctx, s.tx, s.tenant, slices.Sorted(maps.Keys(byEvent)))
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	for i := range events {
		c, err := readOne(words, &events[i])
		if err != nil {
			return err
		}
		byEvent[events[i].SequenceID].text = *c.text
	}
	return nil
}

const (
	endDocuments = `
update search_documents as d
   set to_seq = e.to_seq
  from unnest($2::bigint[], $3::int[], $4::bigint[]) as e (scope, doc, to_seq)
 where d.tenant_id = $1 and d.scope = e.scope and d.doc = e.doc`

	saveScopes = `
insert into search_scopes (tenant_id, agent_id, user_id, scope, documents, sealed)
select $1, agent_id, user_id, scope, documents, sealed
  from unnest($2::text[], $3::text[], $4::bigint[], $5::int[], $6::int[]) as s (agent_id, user_id, scope, documents, sealed)
on conflict (tenant_id, agent_id, user_id) do update
   set documents = excluded.documents,
       sealed = excluded.sealed`
)

var documentColumns = []string{"tenant_id", "scope", "doc", "memory_id", "from_seq", "to_seq", "expires_at", "created_at",
	"opened_seq", "session", "text_seq", "length"}

// save writes the documents of a batch and makes the segments that are full.
func (s store) save(ctx context.Context, b *batch) error {
	scopes := make([]*scope, 0, len(b.scopes))
	var fresh, ended []*document
	for _, sc := range b.scopes {
		if len(sc.fresh) > 0 || len(sc.ended) > 0 {
			scopes = append(scopes, sc)
		}
	}
	slices.SortFunc(scopes, func(a, b *scope) int { return cmp.Compare(a.id, b.id) })
	for _, sc := range scopes {
		fresh, ended = append(fresh, sc.fresh...), append(ended, sc.ended...)
	}
	if err := s.insertDocuments(ctx, fresh); err != nil {
		return err
	}
	if err := s.endDocuments(ctx, ended); err != nil {
		return err
	}
	for _, sc := range scopes {
		if err := s.seal(ctx, sc); err != nil {
			return fmt.Errorf("segments of scope %d: %w", sc.id, err)
		}
	}
	return s.saveScopes(ctx, scopes)
}

func (s store) insertDocuments(ctx context.Context, fresh []*document) error {
	if len(fresh) == 0 {
		return nil
	}
	_, err := s.tx.CopyFrom(ctx, pgx.Identifier{"search_documents"}, documentColumns, pgx.CopyFromSlice(len(fresh), func(i int) ([]any, error) {
		d := fresh[i]
		return []any{string(s.tenant), d.scope.id, d.doc, d.memory, d.from, d.to, d.expiresAt, d.createdAt,
			d.opened, d.session, d.told, d.length}, nil
	}))
	if err != nil {
		return fmt.Errorf("copy documents: %w", err)
	}
	return nil
}

func (s store) endDocuments(ctx context.Context, ended []*document) error {
	if len(ended) == 0 {
		return nil
	}
	var scopes, to []int64
	var docs []int
	for _, d := range ended {
		scopes, docs, to = append(scopes, d.scope.id), append(docs, d.doc), append(to, d.to)
	}
	_, err := s.tx.Exec(ctx, endDocuments, s.tenant, scopes, docs, to)
	if err != nil {
		return fmt.Errorf("end documents: %w", err)
	}
	return nil
}

func (s store) saveScopes(ctx context.Context, scopes []*scope) error {
	var agents, users []string
	var ids []int64
	var documents, sealed []int
	for _, sc := range scopes {
		agents, users = append(agents, sc.agent), append(users, sc.user)
		ids, documents, sealed = append(ids, sc.id), append(documents, sc.documents), append(sealed, sc.sealed)
	}
	if len(scopes) == 0 {
		return nil
	}
	_, err := s.tx.Exec(ctx, saveScopes, s.tenant, agents, users, ids, documents, sealed)
	if err != nil {
		return fmt.Errorf("save scopes: %w", err)
	}
	return nil
}
