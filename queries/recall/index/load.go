package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// maxScopes bounds how many scopes one search reads.
const maxScopes = 10_000

// ErrTooWide is the error of a search of more scopes than one may read.
var ErrTooWide = domain.Errorf(domain.Invalid, "a search can read at most %d pairs of agent and user; name an agent_id or a user_id", maxScopes)

// ScopeColumns names the columns by which search_scopes tells scopes apart; it is empty for other fields.
func ScopeColumns(f filter.Field) string {
	switch f {
	case filter.AgentID, filter.UserID:
		return string(f)
	}
	return ""
}

// readIndex is one statement, so that everything in it is of one state of the database. Its parts share their columns; kind
// tells them apart.
//
//	kind     | a        | b         | c       | d       | e      | f      | at         | data
//	---------+----------+-----------+---------+---------+--------+--------+------------+----------------------
//	position | N        |           |         |         |        |        |            | the languages of the index
//	scope    | documents| sealed    |         |         |        |        |            |
//	segment  | segment  | documents | from    | to      | length |        |            | begins, if N is within
//	postings | segment  | bucket    |         |         |        |        |            | the bucket
//	ends     | segment  |           |         |         |        |        |            | a chunk
//	tail     | document | from      | to      | length  | opened | session| created_at | terms
//	expired  | document | length    |         |         |        |        |            |
//
// N is the position asked for, or the one that both projections have reached. The scopes come first.
const readIndex = `
with n as materialized (
     select coalesce($2::bigint, coalesce(min(sequence_id), 0)) as position
       from (select (select sequence_id from projection_checkpoints where tenant_id = $1 and projection = '` + snapshot.AgentMemories + `'),
                    (select sequence_id from projection_checkpoints where tenant_id = $1 and projection = '` + snapshot.Search + `')) as p (m, s)
      cross join lateral (values (coalesce(m, 0)), (coalesce(s, 0))) as each (sequence_id)
), s as materialized (
     select scope, documents, sealed
       from search_scopes
      where tenant_id = $1%s
      order by scope
      limit %d
)
select 0 as kind, 0::bigint as scope, position as a, 0 as b, 0::bigint as c, 0::bigint as d, 0::bigint as e, 0::bigint as f,
       null::timestamptz as at, null::uuid as id,
       ` + readLanguages + `::bytea as data
  from n
union all
select 1, scope, documents, sealed, 0, 0, 0, 0, null, null, null
  from s
union all
select 2, s.scope, g.segment, g.documents, g.from_seq, g.to_seq, g.length, 0, null, null,
       case when g.from_seq <= n.position and g.to_seq > n.position then g.begins end
  from s
 cross join n
 cross join lateral (select * from search_segments as g where g.tenant_id = $1 and g.scope = s.scope and s.sealed > 0 offset 0) as g
union all
select 3, s.scope, p.segment, p.bucket, 0, 0, 0, 0, null, null, p.data
  from s
 cross join lateral (
     select segment, bucket, data
       from search_postings as p
      where p.tenant_id = $1 and p.scope = s.scope and p.bucket = any($4) and s.sealed > 0
     offset 0) as p
union all
select 4, s.scope, e.segment, 0, 0, 0, 0, 0, null, null, e.data
  from s
 cross join lateral (select * from search_ends as e where e.tenant_id = $1 and e.scope = s.scope and s.sealed > 0 offset 0) as e
union all
select 5, s.scope, t.doc, t.length, t.from_seq, t.to_seq, t.opened_seq, t.session, t.created_at, t.memory_id, t.terms
  from s
 cross join n
 cross join lateral (
     select d.*, t.terms
       from search_documents as d
       join search_tails as t on t.tenant_id = $1 and t.scope = d.scope and t.doc = d.doc
      where d.tenant_id = $1 and d.scope = s.scope and d.doc >= s.sealed and d.from_seq <= n.position
     offset 0) as t
union all
select 6, s.scope, x.doc, x.length, 0, 0, 0, 0, null, null, null
  from s
 cross join n
 cross join lateral (
     select doc, length
       from search_documents as x
      where x.tenant_id = $1 and x.scope = s.scope and x.from_seq <= n.position and x.to_seq > n.position
        and x.expires_at is not null and x.expires_at <= $3
     offset 0) as x`

// Load reads the index of the scopes that owners let through, and the lists of terms, which include those of variants. It reads as of the
// position of a snapshot of the past, or else of the one that both projections have reached. It gives analyzed the languages in which
// the texts of the index are analyzed, and returns the error of that; so do LoadMore and EachTerm. It returns ErrTooWide where there
// are too many scopes. The caller must release the index.
func Load(ctx context.Context, conn *pgxpool.Conn, snap snapshot.Snapshot, owners filter.Where, terms []string, analyzed func(languages string) error) (*Index, error) {
	args := filter.Args{snap.Tenant, nil, snap.Moment, pgtype.FlatArray[int32](buckets(terms))}
	if snap.Past {
		args[1] = snap.Position
	}
	sql := fmt.Sprintf(readIndex, owners.SQL(ScopeColumns, snap.Moment, &args).And(), maxScopes+1)
	x := &Index{Lists: Lists{ByTerm: map[string]*posting.List{}}, State: snapshot.Snapshot{Tenant: snap.Tenant, Past: true, Moment: snap.Moment},
		conn: conn, analyzed: analyzed, scopes: map[int64]*scope{}, tail: tails.Get().(*tail), places: map[int]*Place{}}
	l := loader{Index: x, wanted: x.want(terms)}
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	var r row
	_, err = pgx.ForEachRow(rows, []any{&r.kind, &r.scope, &r.a, &r.b, &r.c, &r.d, &r.e, &r.f, &r.at, &r.id, (*pgxBytes)(&r.data)}, func() error { return l.add(&r) })
	if err := errors.Join(err, rows.Err()); err != nil {
		return nil, err
	}
	l.finish()
	return x, x.searchTail(terms)
}

// loader makes an index from rows. Those of scopes come before those that belong to them.
type loader struct {
	*Index
	wanted
	ends []posting.End
}

func (l *loader) add(r *row) (err error) {
	s := l.scopes[r.scope]
	switch r.kind {
	case 0:
		l.State.Position = r.a
		return l.analyzed(string(r.data))
	case 1:
		if len(l.scopes) == maxScopes {
			return ErrTooWide
		}
		l.scopes[r.scope] = &scope{id: r.scope, base: l.Size, documents: int(r.a), sealed: int(r.b)}
		l.Size += int(r.a)
	case 2:
		switch {
		case r.d <= l.State.Position:
			s.begun += int(r.b)
			l.Length += r.e
		case r.c <= l.State.Position:
			begun, length, err := posting.ReadBegins(r.data, l.State.Position)
			if err != nil {
				return err
			}
			s.begun += begun
			l.Length += length
		}
	case 3:
		return l.read(l.wanted, s, r)
	case 4:
		l.ends, err = posting.ReadEnds(l.ends, r.data, s.base+int(r.a))
	case 5:
		s.begun++
		l.Length += r.b
		document := s.base + int(r.a)
		if r.d <= l.State.Position {
			l.ends = append(l.ends, posting.End{Doc: document, SequenceID: r.d, Length: int(r.b)})
			return nil
		}
		l.tail.texts = append(l.tail.texts, r.data...)
		terms := posting.Document(l.tail.texts[len(l.tail.texts)-len(r.data):])
		l.tail.documents = append(l.tail.documents, tailDocument{Place{document, r.id.Bytes, int(r.b), r.f, r.at.Time, r.e}, terms})
	case 6:
		l.ends = append(l.ends, posting.End{Doc: s.base + int(r.a), SequenceID: 0, Length: int(r.b)})
	}
	return err
}

// finish counts what ended.
func (l *loader) finish() {
	l.Hidden = make([]bool, l.Size)
	for _, s := range l.scopes {
		l.Documents += int64(s.begun)
		for i := s.begun; i < s.documents; i++ {
			l.Hidden[s.base+i] = true
		}
	}
	for _, e := range l.ends {
		if e.SequenceID <= l.State.Position && !l.Hidden[e.Doc] {
			l.Hidden[e.Doc] = true
			l.Documents--
			l.Length -= int64(e.Length)
		}
	}
	l.tail.documents = slices.DeleteFunc(l.tail.documents, func(d tailDocument) bool { return l.Hidden[d.Document] })
	slices.SortFunc(l.tail.documents, func(a, b tailDocument) int { return cmp.Compare(a.Document, b.Document) })
}
