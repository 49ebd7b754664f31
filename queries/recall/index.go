package recall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// index is what a search reads of the documents of its scopes, as of one position. Documents have numbers across all scopes:
// that within their scope beyond the base of the scope.
type index struct {
	position int64 // both projections have reached it
	moment   time.Time
	scopes   map[int64]*scopeIndex
	size     int    // of the numbers of documents
	hidden   []bool // documents that had ended, or not begun
	tail     *tail
	places   map[int]*place // of documents in segments, as they are read
	lists    map[string]*posting.List
	// The statistics of what was searched.
	documents, length int64
}

type scopeIndex struct {
	id                int64
	base              int
	documents, sealed int
	begun             int // so many documents had begun
}

// place is where a document stands among others of its session.
type place struct {
	document  int
	memory    uuid.UUID
	session   int64
	createdAt time.Time
	opened    int64
	length    int
}

// tail is the active documents that are in no segment, in their order.
type tail struct {
	documents []tailDocument
	texts     []byte // their terms; where it outgrows its array, what was added before stays in the old one
}

type tailDocument struct {
	place
	terms posting.Document
}

// tails are used again: they were half of what a search allocates.
var tails = sync.Pool{New: func() any { return &tail{} }}

// release makes the tail available to other searches; the index is not used any more.
func (x *index) release() {
	clear(x.tail.documents)
	x.tail.documents, x.tail.texts = x.tail.documents[:0], x.tail.texts[:0]
	tails.Put(x.tail)
	x.tail = nil
}

func (x *index) averageLength() float64 {
	return max(1, float64(x.length)/float64(max(1, x.documents)))
}

// scopeOf returns the scope of a document.
func (x *index) scopeOf(document int) *scopeIndex {
	for _, s := range x.scopes {
		if s.base <= document && document < s.base+s.documents {
			return s
		}
	}
	return nil
}

// maxScopes bounds how many scopes one search reads.
const maxScopes = 10_000

// readLanguages is how the texts of the index are analyzed.
const readLanguages = `coalesce((select languages from search_languages where tenant_id in ($1, '') order by tenant_id desc limit 1), '')`

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

// row is a row of readIndex.
type row struct {
	kind             int
	scope            int64
	a, b, c, d, e, f int64
	at               pgtype.Timestamptz // not pointers, which would be allocated for each row
	id               pgtype.UUID
	data             []byte
}

// loadIndex reads the index of the scopes for some terms, which include those of variants. A snapshot of the past names the position.
// Its error is that of analyzed, which is given the languages of the index.
func loadIndex(ctx context.Context, conn *pgxpool.Conn, snap snapshot.Snapshot, owners filter.Where, terms []string, analyzed func(languages string) error) (*index, error) {
	args := filter.Args{snap.Tenant, nil, snap.Moment, pgtype.FlatArray[int32](buckets(terms))}
	if snap.Past {
		args[1] = snap.Position
	}
	sql := fmt.Sprintf(readIndex, owners.SQL(scopeColumns, snap.Moment, &args).And(), maxScopes+1)
	x := &index{moment: snap.Moment, scopes: map[int64]*scopeIndex{}, places: map[int]*place{}, lists: map[string]*posting.List{}, tail: tails.Get().(*tail)}
	l := loader{index: x, analyzed: analyzed, wanted: x.want(terms)}
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

// pgxBytes scans bytes without a copy; they are valid until the next row.
type pgxBytes []byte

// ScanBytes keeps the bytes.
func (b *pgxBytes) ScanBytes(v []byte) error {
	*b = v
	return nil
}

// loader makes an index from rows. Those of scopes come before those that belong to them.
type loader struct {
	*index
	analyzed func(languages string) error
	wanted
	ends []posting.End
}

func (l *loader) add(r *row) (err error) {
	s := l.scopes[r.scope]
	switch r.kind {
	case 0:
		l.position = r.a
		return l.analyzed(string(r.data))
	case 1:
		if len(l.scopes) == maxScopes {
			return errTooWide
		}
		l.scopes[r.scope] = &scopeIndex{id: r.scope, base: l.size, documents: int(r.a), sealed: int(r.b)}
		l.size += int(r.a)
	case 2:
		switch {
		case r.d <= l.position:
			s.begun += int(r.b)
			l.length += r.e
		case r.c <= l.position:
			begun, length, err := posting.ReadBegins(r.data, l.position)
			if err != nil {
				return err
			}
			s.begun += begun
			l.length += length
		}
	case 3:
		return l.read(l.wanted, s, r)
	case 4:
		l.ends, err = posting.ReadEnds(l.ends, r.data, s.base+int(r.a))
	case 5:
		s.begun++
		l.length += r.b
		document := s.base + int(r.a)
		if r.d <= l.position {
			l.ends = append(l.ends, posting.End{Doc: document, SequenceID: r.d, Length: int(r.b)})
			return nil
		}
		l.tail.texts = append(l.tail.texts, r.data...)
		terms := posting.Document(l.tail.texts[len(l.tail.texts)-len(r.data):])
		l.tail.documents = append(l.tail.documents, tailDocument{place{document, r.id.Bytes, r.f, r.at.Time, r.e, int(r.b)}, terms})
	case 6:
		l.ends = append(l.ends, posting.End{Doc: s.base + int(r.a), SequenceID: 0, Length: int(r.b)})
	}
	return err
}

// finish counts what ended.
func (l *loader) finish() {
	l.hidden = make([]bool, l.size)
	for _, s := range l.scopes {
		l.documents += int64(s.begun)
		for i := s.begun; i < s.documents; i++ {
			l.hidden[s.base+i] = true
		}
	}
	for _, e := range l.ends {
		if e.SequenceID <= l.position && !l.hidden[e.Doc] {
			l.hidden[e.Doc] = true
			l.documents--
			l.length -= int64(e.Length)
		}
	}
	l.tail.documents = slices.DeleteFunc(l.tail.documents, func(d tailDocument) bool { return l.hidden[d.document] })
	slices.SortFunc(l.tail.documents, func(a, b tailDocument) int { return cmp.Compare(a.document, b.document) })
}

// place returns where a document stands, if that has been read.
func (x *index) place(document int) *place {
	i, ok := slices.BinarySearchFunc(x.tail.documents, document, func(d tailDocument, document int) int { return cmp.Compare(d.document, document) })
	if ok {
		p := x.tail.documents[i].place // the tail is used again
		return &p
	}
	return x.places[document]
}
