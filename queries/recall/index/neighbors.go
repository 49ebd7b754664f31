package index

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Neighbors is how many documents Surround returns on each side.
	Neighbors = 3
	// gap is how far apart memories without a session may be to be told together.
	gap = 30 * time.Minute
)

// Surroundings are the documents before and after some.
type Surroundings map[int]*Sides

// Sides are the documents told before and after one, the nearest first.
type Sides struct {
	Before, After []int
	// Named tells that the memories name their session.
	Named bool
}

// inOrder orders places session by session, and within a session as they were told.
func inOrder(a, b *Place) int {
	return cmp.Or(cmp.Compare(a.session, b.session), a.createdAt.Compare(b.createdAt), cmp.Compare(a.opened, b.opened))
}

// together tells whether two memories that follow each other belong together.
func together(a, b *Place) bool {
	if a.session != 0 || b.session != 0 {
		return a.session == b.session
	}
	return b.createdAt.Sub(a.createdAt) <= gap
}

// Surround returns the documents told together with the given ones, up to Neighbors on each side, and as many of those around them as
// are known.
func (x *Index) Surround(ctx context.Context, documents []int) (Surroundings, error) {
	all := Surroundings{}
	err := x.gather(ctx, documents, Neighbors, func(p *Place) *Sides {
		if all[p.Document] == nil {
			all[p.Document] = &Sides{Named: p.session != 0}
		}
		return all[p.Document]
	})
	return all, err
}

// Context returns the documents told together with the given ones, up to n on each side.
func (x *Index) Context(ctx context.Context, documents []int, n int) (Surroundings, error) {
	all := Surroundings{}
	for _, d := range documents {
		all[d] = &Sides{}
	}
	return all, x.gather(ctx, documents, n, func(p *Place) *Sides { return all[p.Document] })
}

// gather fills the sides of the documents in the lines around the given ones, where they have any.
func (x *Index) gather(ctx context.Context, documents []int, n int, sides func(*Place) *Sides) error {
	lines, err := x.lines(ctx, documents, n)
	for _, line := range lines {
		for i, p := range line {
			if s := sides(p); s != nil { // a document may stand in the lines of others too, with fewer around it
				s.Before = longer(s.Before, follow(line, i, -1, n))
				s.After = longer(s.After, follow(line, i, 1, n))
			}
		}
	}
	return err
}

// follow returns up to n documents that are together with one in a line, in a direction.
func follow(line []*Place, i, step, n int) (found []int) {
	for at := i + step; at >= 0 && at < len(line) && len(found) < n && together(line[min(at, at-step)], line[max(at, at-step)]); at += step {
		found = append(found, line[at].Document)
	}
	return found
}

func longer(a, b []int) []int {
	if len(b) > len(a) {
		return b
	}
	return a
}

// lines returns the places around the documents in the order told, at least so many on each side: those of the tails from memory,
// where all of a scope is there, others from the database.
func (x *Index) lines(ctx context.Context, documents []int, each int) ([][]*Place, error) {
	byScope := map[*scope][]int{}
	for _, d := range documents {
		s := x.scopeOf(d)
		byScope[s] = append(byScope[s], d)
	}
	var lines [][]*Place
	for s, of := range byScope {
		if s.sealed == 0 {
			lines = append(lines, x.tailLines(s, of)...)
			continue
		}
		stored, err := x.storedLines(ctx, s, of, each)
		if err != nil {
			return nil, err
		}
		lines = append(lines, stored...)
	}
	return lines, nil
}

// tailLines returns as many places around each document as readLines does.
func (x *Index) tailLines(s *scope, of []int) [][]*Place {
	var line []*Place
	for i := range x.tail.documents {
		if p := &x.tail.documents[i].Place; s.base <= p.Document && p.Document < s.base+s.documents {
			line = append(line, p)
		}
	}
	slices.SortFunc(line, inOrder)
	var lines [][]*Place
	for i, p := range line {
		if slices.Contains(of, p.Document) {
			lines = append(lines, line[max(0, i-2*Neighbors):min(len(line), i+2*Neighbors+1)])
		}
	}
	return lines
}

// readLines reads the neighbours of documents; in a session with a name twice as many, so that neighbours have theirs, too.
const readLines = `
select c.doc, n.doc, n.memory_id, n.session, n.created_at, n.opened_seq, n.length
  from unnest($3::int[]) as c (doc)
  join search_documents as d on d.tenant_id = $1 and d.scope = $2 and d.doc = c.doc
 cross join lateral (
     (select doc, memory_id, session, created_at, opened_seq, length
        from search_documents
       where tenant_id = $1 and scope = $2 and session = d.session
         and (created_at, opened_seq) <= (d.created_at, d.opened_seq)
         and from_seq <= $4 and to_seq > $4 and (expires_at is null or expires_at > $5)
       order by created_at desc, opened_seq desc
       limit case when d.session = 0 then $6 + 1 else 2 * $6 + 1 end)
     union all
     (select doc, memory_id, session, created_at, opened_seq, length
        from search_documents
       where tenant_id = $1 and scope = $2 and session = d.session
         and (created_at, opened_seq) > (d.created_at, d.opened_seq)
         and from_seq <= $4 and to_seq > $4 and (expires_at is null or expires_at > $5)
       order by created_at, opened_seq
       limit case when d.session = 0 then $6 else 2 * $6 end)
 ) as n`

func (x *Index) storedLines(ctx context.Context, s *scope, of []int, each int) ([][]*Place, error) {
	inScope := make([]int, len(of))
	for i, d := range of {
		inScope[i] = d - s.base
	}
	rows, err := x.conn.Query(ctx, readLines, x.State.Tenant, s.id, inScope, x.State.Position, x.State.Moment, each)
	if err != nil {
		return nil, err
	}
	byDocument := map[int][]*Place{}
	var around int
	var p Place
	_, err = pgx.ForEachRow(rows, []any{&around, &p.Document, &p.Memory, &p.session, &p.createdAt, &p.opened, &p.Length}, func() error {
		document := p.Document + s.base
		found := x.Place(document)
		if found == nil {
			one := p
			one.Document, found = document, &one
			x.places[document] = found
		}
		byDocument[around] = append(byDocument[around], found)
		return nil
	})
	err = errors.Join(err, rows.Err())
	lines := make([][]*Place, 0, len(byDocument))
	for _, line := range byDocument {
		slices.SortFunc(line, inOrder)
		lines = append(lines, line)
	}
	return lines, err
}
