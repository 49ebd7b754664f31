package recall

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// neighbors is how many memories on each side a word may be found in.
	neighbors = 3
	// gap is how far apart memories without a session may be to be told together.
	gap = 30 * time.Minute
	// around is how many of the best documents lend their neighbours a chance.
	around = 20
)

// surroundings are the documents before and after some, the nearest first.
type surroundings map[int]*sides

type sides struct {
	before, after []int
	// named tells that the memories name their session. Only then do they lend a chance to one that holds no word itself: that
	// two were told within minutes says too little for that.
	named bool
}

// inOrder orders places session by session, and within a session as they were told.
func inOrder(a, b *place) int {
	return cmp.Or(cmp.Compare(a.session, b.session), a.createdAt.Compare(b.createdAt), cmp.Compare(a.opened, b.opened))
}

// together tells whether two memories that follow each other belong together.
func together(a, b *place) bool {
	if a.session != 0 || b.session != 0 {
		return a.session == b.session
	}
	return b.createdAt.Sub(a.createdAt) <= gap
}

// surround returns the documents around the given ones, as many as neighbors, and around those.
func (x *index) surround(ctx context.Context, conn *pgxpool.Conn, tenant string, documents []int) (surroundings, error) {
	lines, err := x.lines(ctx, conn, tenant, documents, neighbors)
	if err != nil {
		return nil, err
	}
	all := surroundings{}
	for _, line := range lines {
		for i, p := range line {
			s := all[p.document]
			if s == nil {
				s = &sides{named: p.session != 0}
				all[p.document] = s
			}
			if before := follow(line, i, -1); len(before) > len(s.before) {
				s.before = before
			}
			if after := follow(line, i, 1); len(after) > len(s.after) {
				s.after = after
			}
		}
	}
	return all, nil
}

// follow returns the documents that are together with one in a line, in a direction.
func follow(line []*place, i, step int) []int {
	var found []int
	for at := i + step; at >= 0 && at < len(line) && len(found) < neighbors; at += step {
		earlier, later := line[min(at, at-step)], line[max(at, at-step)]
		if !together(earlier, later) {
			break
		}
		found = append(found, line[at].document)
	}
	return found
}

// lines returns the places around the documents in the order told, at least so many on each side: those of the tails from memory,
// where all of a scope is there, others from the database.
func (x *index) lines(ctx context.Context, conn *pgxpool.Conn, tenant string, documents []int, each int) ([][]*place, error) {
	byScope := map[*scopeIndex][]int{}
	for _, d := range documents {
		s := x.scopeOf(d)
		byScope[s] = append(byScope[s], d)
	}
	var lines [][]*place
	for s, of := range byScope {
		if s.sealed == 0 {
			lines = append(lines, x.tailLines(s, of)...)
			continue
		}
		stored, err := x.storedLines(ctx, conn, tenant, s, of, each)
		if err != nil {
			return nil, err
		}
		lines = append(lines, stored...)
	}
	return lines, nil
}

// tailLines returns as many places around each document as readLines does.
func (x *index) tailLines(s *scopeIndex, of []int) [][]*place {
	var line []*place
	for i := range x.tail.documents {
		if p := &x.tail.documents[i].place; s.base <= p.document && p.document < s.base+s.documents {
			line = append(line, p)
		}
	}
	slices.SortFunc(line, inOrder)
	var lines [][]*place
	for i, p := range line {
		if slices.Contains(of, p.document) {
			lines = append(lines, line[max(0, i-2*neighbors):min(len(line), i+2*neighbors+1)])
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

func (x *index) storedLines(ctx context.Context, conn *pgxpool.Conn, tenant string, s *scopeIndex, of []int, each int) ([][]*place, error) {
	inScope := make([]int, len(of))
	for i, d := range of {
		inScope[i] = d - s.base
	}
	rows, err := conn.Query(ctx, readLines, tenant, s.id, inScope, x.position, x.moment, each)
	if err != nil {
		return nil, err
	}
	byDocument := map[int][]*place{}
	var around int
	var p place
	_, err = pgx.ForEachRow(rows, []any{&around, &p.document, &p.memory, &p.session, &p.createdAt, &p.opened, &p.length}, func() error {
		document := p.document + s.base
		found := x.place(document)
		if found == nil {
			one := p
			one.document, found = document, &one
			x.places[document] = found
		}
		byDocument[around] = append(byDocument[around], found)
		return nil
	})
	err = errors.Join(err, rows.Err())
	lines := make([][]*place, 0, len(byDocument))
	for _, line := range byDocument {
		slices.SortFunc(line, inOrder)
		lines = append(lines, line)
	}
	return lines, err
}
