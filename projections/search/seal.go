package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain/posting"
)

// endsInChunk bounds what an end rewrites.
const endsInChunk = 256

// segmentOf returns the segment of a document and whether it is in one, if so many documents are.
func segmentOf(doc, sealed int) (segment int, ok bool) {
	for _, level := range slices.Backward(posting.Levels) {
		if doc < sealed/level.Documents*level.Documents {
			return doc / level.Documents * level.Documents, true
		}
	}
	return 0, false
}

// seal records the ends of documents in segments, and makes the segments that the batch has filled.
func (s store) seal(ctx context.Context, sc *scope) error {
	ends := map[int][]posting.End{}
	for _, d := range sc.ended {
		if segment, ok := segmentOf(d.doc, sc.sealed); ok {
			ends[segment] = append(ends[segment], posting.End{Doc: d.doc, SequenceID: d.to, Length: d.length})
		}
	}
	for segment, added := range ends {
		if err := s.addEnds(ctx, sc, segment, added); err != nil {
			return err
		}
	}
	for sc.documents-sc.sealed >= posting.Levels[0].Documents {
		made := 0
		for i, level := range posting.Levels { // the largest that fits: what it would be merged from is not made
			if sc.sealed%level.Documents == 0 && sc.documents-sc.sealed >= level.Documents {
				made = i
			}
		}
		if err := s.makeSegment(ctx, sc, posting.Levels[made]); err != nil {
			return err
		}
		sc.sealed += posting.Levels[made].Documents
		for i := made + 1; i < len(posting.Levels) && sc.sealed%posting.Levels[i].Documents == 0; i++ {
			if err := s.merge(ctx, sc, sc.sealed-posting.Levels[i].Documents, posting.Levels[i-1], posting.Levels[i]); err != nil {
				return err
			}
		}
	}
	return s.saveTail(ctx, sc)
}

const takeTail = `
with taken as (
    delete from search_tails
     where tenant_id = $1 and scope = $2 and doc between $3 and $4
    returning doc, terms
)
select doc, d.from_seq, d.to_seq, d.length, taken.terms
  from taken
  join search_documents as d using (doc)
 where d.tenant_id = $1 and d.scope = $2
 order by doc`

// makeSegment makes a segment of the first documents of the tail, those from before and those of the batch.
func (s store) makeSegment(ctx context.Context, sc *scope, level posting.Level) error {
	first, end := sc.sealed, sc.sealed+level.Documents
	made := posting.NewSegment(first)
	defer made.Release()
	row := segment{first: first}
	var ends []posting.End
	add := func(d *document) error {
		if row.documents == 0 {
			row.from = d.from
		}
		row.documents++
		row.length += int64(d.length)
		row.begins = posting.AppendBegin(row.begins, posting.Begin{SequenceID: d.from, Length: d.length}, row.to)
		row.to = d.from
		if d.to != lasting {
			ends = append(ends, posting.End{Doc: d.doc, SequenceID: d.to, Length: d.length})
		}
		return made.AddDocument(posting.Numbered{Doc: d.doc, Length: d.length, Terms: d.terms})
	}
	if fresh := sc.firstFresh(); first < fresh {
		rows, err := s.tx.Query(ctx, takeTail, s.tenant, sc.id, first, min(fresh, end)-1)
		if err != nil {
			return err
		}
		var d document
		_, err = pgx.ForEachRow(rows, []any{&d.doc, &d.from, &d.to, &d.length, &d.terms}, func() error { return add(&d) })
		if err := errors.Join(err, rows.Err()); err != nil {
			return err
		}
	}
	for doc := max(first, sc.firstFresh()); doc < end; doc++ {
		if err := add(sc.fresh[doc-sc.firstFresh()]); err != nil {
			return err
		}
	}
	if row.documents != level.Documents {
		return fmt.Errorf("the documents from %d on are %d instead of %d", first, row.documents, level.Documents)
	}
	return s.insertSegment(ctx, sc, row, made, level, ends)
}

// saveTail keeps the terms of the documents of the batch that are in no segment.
func (s store) saveTail(ctx context.Context, sc *scope) error {
	first := max(sc.sealed, sc.firstFresh())
	if sc.documents == first {
		return nil
	}
	fresh := sc.fresh[first-sc.firstFresh():]
	_, err := s.tx.CopyFrom(ctx, pgx.Identifier{"search_tails"}, []string{"tenant_id", "scope", "doc", "terms"},
		pgx.CopyFromSlice(len(fresh), func(i int) ([]any, error) {
			return []any{string(s.tenant), sc.id, fresh[i].doc, []byte(fresh[i].terms)}, nil
		}))
	return err
}

// segment is a row of search_segments.
type segment struct {
	first, documents int
	from, to         int64 // sequence_ids
	length           int64
	begins           []byte
}

const (
	loadSegments = `
select segment, documents, from_seq, to_seq, length, begins
  from search_segments
 where tenant_id = $1 and scope = $2 and segment >= $3
 order by segment`

	loadSmallPostings = `
select segment, data
  from search_postings
 where tenant_id = $1 and scope = $2 and bucket between $3 and $4
 order by segment, bucket`

	loadEnds = `
select segment, data
  from search_ends
 where tenant_id = $1 and scope = $2 and segment >= $3
 order by segment, chunk`

	deleteSegments = `delete from search_segments where tenant_id = $1 and scope = $2 and segment >= $3`
	deletePostings = `delete from search_postings where tenant_id = $1 and scope = $2 and bucket between $3 and $4`
	deleteTerms    = `delete from search_terms where tenant_id = $1 and scope = $2 and bucket between $3 and $4`
	deleteEnds     = `delete from search_ends where tenant_id = $1 and scope = $2 and segment >= $3`
)

// merge makes one segment of those of the level before, which are all from the document first on.
func (s store) merge(ctx context.Context, sc *scope, first int, from, to posting.Level) error {
	row, err := s.mergeRows(ctx, sc, first, to.Documents)
	if err != nil {
		return err
	}
	lowest := posting.FirstBucket(from.Buckets)
	highest := lowest + from.Buckets - 1
	made := posting.NewSegment(first)
	defer made.Release()
	err = s.each(ctx, loadSmallPostings, []any{s.tenant, sc.id, lowest, highest}, func(small int, data []byte) error {
		return made.AddBucket(data, small)
	})
	if err != nil {
		return err
	}
	var ends []posting.End
	err = s.each(ctx, loadEnds, []any{s.tenant, sc.id, first}, func(small int, data []byte) (err error) {
		ends, err = posting.ReadEnds(ends, data, small)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(ends, func(a, b posting.End) int {
		return cmp.Or(cmp.Compare(a.SequenceID, b.SequenceID), cmp.Compare(a.Doc, b.Doc))
	})
	batch := &pgx.Batch{}
	batch.Queue(deleteSegments, s.tenant, sc.id, first)
	batch.Queue(deletePostings, s.tenant, sc.id, lowest, highest)
	batch.Queue(deleteTerms, s.tenant, sc.id, 2*from.TermBuckets, 4*from.TermBuckets-1)
	batch.Queue(deleteEnds, s.tenant, sc.id, first)
	if err := s.tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	return s.insertSegment(ctx, sc, row, made, to, ends)
}

func (s store) mergeRows(ctx context.Context, sc *scope, first, documents int) (merged segment, err error) {
	merged.first = first
	rows, err := s.tx.Query(ctx, loadSegments, s.tenant, sc.id, first)
	if err != nil {
		return merged, err
	}
	var small segment
	_, err = pgx.ForEachRow(rows, []any{&small.first, &small.documents, &small.from, &small.to, &small.length, &small.begins}, func() error {
		if merged.documents == 0 {
			merged.from = small.from
		}
		merged.documents += small.documents
		merged.length += small.length
		if merged.begins, err = posting.JoinBegins(merged.begins, small.begins, merged.to); err != nil {
			return err
		}
		merged.to = small.to
		return nil
	})
	err = errors.Join(err, rows.Err())
	if err == nil && merged.documents != documents {
		err = fmt.Errorf("the segments from %d on hold %d documents instead of %d", first, merged.documents, documents)
	}
	return merged, err
}

// each reads rows of a segment's number and data.
func (s store) each(ctx context.Context, sql string, args []any, do func(segment int, data []byte) error) error {
	rows, err := s.tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	var segment int
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&segment, &data}, func() error { return do(segment, data) })
	return errors.Join(err, rows.Err())
}

const insertSegment = `
insert into search_segments (tenant_id, scope, segment, documents, from_seq, to_seq, length, ends, begins)
values ($1, $2, $3, $4, $5, $6, $7, 0, $8)`

func (s store) insertSegment(ctx context.Context, sc *scope, row segment, made *posting.Segment, level posting.Level, ends []posting.End) error {
	_, err := s.tx.Exec(ctx, insertSegment, s.tenant, sc.id, row.first, row.documents, row.from, row.to, row.length, row.begins)
	if err != nil {
		return err
	}
	if err := s.copyBuckets(ctx, "search_postings", sc, row.first, made.Buckets(level.Buckets)); err != nil {
		return err
	}
	if err := s.copyBuckets(ctx, "search_terms", sc, row.first, made.Terms(level.TermBuckets)); err != nil {
		return err
	}
	return s.addEnds(ctx, sc, row.first, ends)
}

func (s store) copyBuckets(ctx context.Context, table string, sc *scope, segment int, buckets []posting.Bucket) error {
	_, err := s.tx.CopyFrom(ctx, pgx.Identifier{table}, []string{"tenant_id", "scope", "bucket", "segment", "data"},
		pgx.CopyFromSlice(len(buckets), func(i int) ([]any, error) {
			return []any{string(s.tenant), sc.id, buckets[i].Number, segment, buckets[i].Data}, nil
		}))
	return err
}

const (
	countEnds = `
update search_segments
   set ends = ends + $4
 where tenant_id = $1 and scope = $2 and segment = $3
returning ends - $4`

	appendEnds = `
insert into search_ends as e (tenant_id, scope, segment, chunk, data)
values ($1, $2, $3, $4, $5)
on conflict (tenant_id, scope, segment, chunk) do update
   set data = e.data || excluded.data`
)

// addEnds appends the ends of documents to those of their segment, in the order of the log.
func (s store) addEnds(ctx context.Context, sc *scope, segment int, ends []posting.End) error {
	if len(ends) == 0 {
		return nil
	}
	slices.SortFunc(ends, func(a, b posting.End) int {
		return cmp.Or(cmp.Compare(a.SequenceID, b.SequenceID), cmp.Compare(a.Doc, b.Doc))
	})
	var count int
	err := s.tx.QueryRow(ctx, countEnds, s.tenant, sc.id, segment, len(ends)).Scan(&count)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("there is no segment %d", segment)
	}
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for len(ends) > 0 {
		n := min(endsInChunk-count%endsInChunk, len(ends))
		var data []byte
		for _, e := range ends[:n] {
			data = posting.AppendEnd(data, e, segment)
		}
		batch.Queue(appendEnds, s.tenant, sc.id, segment, count/endsInChunk, data)
		count, ends = count+n, ends[n:]
	}
	return s.tx.SendBatch(ctx, batch).Close()
}
