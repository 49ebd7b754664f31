package queries

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/cursor"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// MaxCounted is how many changed memories a diff counts at most: comparing them takes about 10 µs each.
const MaxCounted = 50_000

// DiffRequest says what to compare.
type DiffRequest struct {
	// From and To are the moments. Default of From is the beginning of the log, of To now.
	From, To AsOf
	// MinSequenceID is what the answer must at least reflect; default any.
	MinSequenceID int64
	// ID is the one memory to compare; default every one of AgentID and UserID, where empty means any.
	ID              uuid.UUID
	AgentID, UserID string
	// Cursor continues the diff that returned it, with the same moments and memories; default the beginning.
	Cursor string
	// Limit is how many changes the page holds at most, from 1 to MaxLimit; default DefaultLimit. A page of very large
	// memories ends earlier.
	Limit int
}

// Instant is one end of a diff.
type Instant struct {
	SequenceID int64 `json:"sequence_id"`
	// Time decides what had expired; nil for the beginning of the log.
	Time *time.Time `json:"time"`
}

// DiffResult is a page of a diff.
type DiffResult struct {
	From Instant `json:"from"`
	To   Instant `json:"to"`
	// Changes are ordered by the last event of each memory until To, so those that expired by the clock alone come first.
	Changes []Change `json:"changes"`
	// Counts are of all pages; nil on those after the first.
	Counts *ChangeCounts `json:"counts,omitempty"`
	// NextCursor continues the diff; empty at its end.
	NextCursor string `json:"next_cursor"`
}

// Diff returns what became of memories between two moments: each that changed, once. All pages are of the same two snapshots.
// The error is of kind NotFound if the memory of ID did not exist at the end.
func (r *Reader) Diff(ctx context.Context, tenant domain.Tenant, request DiffRequest) (DiffResult, error) {
	d, err := r.prepare(ctx, tenant, &request)
	if err != nil {
		return DiffResult{}, err
	}
	result := DiffResult{From: instant(d.from), To: instant(d.to)}
	err = d.read(ctx, request.Limit, &result)
	if err == nil && d.after == 0 {
		result.Counts, err = d.count(ctx)
	}
	if err != nil {
		return DiffResult{}, fmt.Errorf("diff of %d and %d: %w", d.from.Position, d.to.Position, err)
	}
	if len(result.Changes) == 0 && d.id != uuid.Nil {
		at, err := d.memories(ctx, d.to, []uuid.UUID{d.id})
		if err == nil && len(at) == 0 {
			err = errNotFound(d.id, At{AsOf: request.To})
		}
		return result, err
	}
	return result, nil
}

func instant(s snapshot.Snapshot) Instant {
	if s.Moment.IsZero() {
		return Instant{}
	}
	return Instant{s.Position, new(s.Moment.UTC())}
}

// diff is one that is being answered.
type diff struct {
	source   *snapshot.Source
	from, to snapshot.Snapshot
	where    filter.Where
	id       uuid.UUID
	after    int64  // the sequence_id of the last change of the page before
	list     []byte // the fingerprint of the diff
}

// prepare checks the request and resolves its moments, or takes those of the cursor.
func (r *Reader) prepare(ctx context.Context, tenant domain.Tenant, request *DiffRequest) (d diff, err error) {
	d = diff{source: r.source, id: request.ID}
	if d.where, err = (Filter{AgentID: request.AgentID, UserID: request.UserID, State: StateAll}).Check(); err != nil {
		return d, err
	}
	if request.Limit, err = checkLimit(request.Limit, DefaultLimit, MaxLimit); err != nil {
		return d, err
	}
	// Only a time that is refused below cannot be encoded.
	d.list = cursor.Fingerprint("diff", tenant, request.From, request.To, request.ID, d.where)
	if request.Cursor != "" {
		return d, d.resume(ctx, tenant, request.Cursor)
	}
	at := func(asOf AsOf, field string) (snapshot.Snapshot, error) {
		s, err := r.source.At(ctx, tenant, At{AsOf: asOf, MinSequenceID: request.MinSequenceID})
		if e, ok := errors.AsType[*domain.Error](err); ok && e.Field == "as_of" {
			err = domain.Invalidf(field, "%s", e.Message)
		}
		return s, err
	}
	d.from = snapshot.Snapshot{Tenant: tenant, Past: true}
	if request.From != (AsOf{}) {
		if d.from, err = at(request.From, "from"); err != nil {
			return d, err
		}
	}
	if request.To == (AsOf{}) {
		if d.to, err = r.source.Pin(ctx, tenant, request.MinSequenceID); err != nil {
			return d, err
		}
		// The clock of the database, by which events are recorded, may be ahead of the one here.
		if d.to.Moment.Before(d.from.Moment) {
			d.to.Moment = d.from.Moment
		}
	} else if d.to, err = at(request.To, "to"); err != nil {
		return d, err
	}
	if d.from.Position > d.to.Position || d.from.Moment.After(d.to.Moment) {
		return d, domain.Invalidf("from", "must not be later than to: it is event %d, and to is event %d", d.from.Position, d.to.Position)
	}
	return d, nil
}

// diffCursor is the place of the last change of a page, and the snapshots that the diff is of.
type diffCursor struct {
	List  []byte    `json:"l"`
	From  int64     `json:"f"`
	Since time.Time `json:"s"`
	To    int64     `json:"t"`
	Until time.Time `json:"u"`
	After int64     `json:"a"`
}

func (d *diff) resume(ctx context.Context, tenant domain.Tenant, text string) error {
	c, err := cursor.Read(text, d.list, func(c diffCursor) []byte { return c.List })
	if err != nil {
		return err
	}
	if c.From < 0 || c.To < c.From || c.After < 1 || c.Until.Before(c.Since) || domain.CheckTime("cursor", c.Until) != nil {
		return cursor.ErrUnreadable()
	}
	d.from = snapshot.Snapshot{Tenant: tenant, Past: true, Position: c.From, Moment: c.Since}
	d.to = snapshot.Snapshot{Tenant: tenant, Past: true, Position: c.To, Moment: c.Until}
	d.after = c.After
	return d.source.Await(ctx, tenant, snapshot.AgentMemories, c.To)
}

// lastVersion is the version of a memory at the end of a diff, with the event that made it.
type lastVersion struct {
	Memory
	eventType, actor, reason string
}

func scanLastVersion(row pgx.CollectableRow) (v lastVersion, err error) {
	err = v.Scan(row, &v.eventType, &v.actor, &v.reason)
	return v, err
}

// read reads a page: the versions at the end of those that changed, and then the same memories at the beginning.
func (d *diff) read(ctx context.Context, limit int, result *DiffResult) error {
	args := filter.Args{d.to.Tenant}
	sql := d.changed(&args, limit+1)
	var last []lastVersion
	_, err := d.source.Answer(ctx, d.to, sql, args, func(rows pgx.Rows) (err error) {
		var more bool
		last, more, err = collectPage(rows, limit, scanLastVersion, func(v *lastVersion) int { return v.Size() })
		if err == nil && more {
			result.NextCursor = cursor.Encode(diffCursor{d.list, d.from.Position, d.from.Moment, d.to.Position, d.to.Moment, last[len(last)-1].SequenceID})
		}
		return err
	})
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(last))
	for i := range last {
		ids[i] = last[i].ID
	}
	before, err := d.memories(ctx, d.from, ids)
	if err != nil {
		return err
	}
	result.Changes = make([]Change, len(last))
	for i := range last {
		var first *Memory
		if m, ok := before[last[i].ID]; ok {
			first = &m
		}
		if result.Changes[i], err = changeOf(first, &last[i]); err != nil {
			return err
		}
	}
	return nil
}

// memories reads memories of one of the snapshots.
func (d *diff) memories(ctx context.Context, snap snapshot.Snapshot, ids []uuid.UUID) (byID map[uuid.UUID]Memory, err error) {
	sql, args := snap.SelectByIDs(ids)
	_, err = d.source.Answer(ctx, snap, sql, args, func(rows pgx.Rows) (err error) {
		byID, err = snapshot.CollectByID(rows)
		return err
	})
	return byID, err
}

// changed returns the statement that reads the versions at the end of a diff, in the order of their events, of the memories
// that changed: those with an event in between, and those without one that expired meanwhile.
func (d *diff) changed(args *filter.Args, limit int) string {
	scope := d.where.SQL(filter.Memories, d.to.Moment, args)
	if d.id != uuid.Nil {
		scope.Add("id = ", args.Add(d.id))
	}
	order := `
 order by sequence_id
 limit ` + args.Add(limit)
	const event = ", event_type, actor, reason"
	from := args.Add(max(d.from.Position, d.after))
	written := d.to.SelectWith(event, args, append(slices.Clone(scope), "sequence_id > "+from), order)
	if d.after >= d.from.Position && d.after > 0 {
		return written
	}
	scope.Add("sequence_id > ", args.Add(d.after))
	scope.Add("sequence_id <= ", from)
	scope.Add("state = 'active' and expires_at > ", args.Add(d.from.Moment), " and expires_at <= ", args.Add(d.to.Moment))
	return `
select *
  from (
(` + written + `)
union all
(` + d.to.SelectWith(event, args, scope, order) + `)
  ) as changed` + order
}

// count counts at most MaxCounted changed memories: PostgreSQL compares them and returns a row for each set of differences.
func (d *diff) count(ctx context.Context) (*ChangeCounts, error) {
	args := filter.Args{d.to.Tenant}
	changed := d.changed(&args, MaxCounted+1)
	sql := `
select existed, revised, retyped, moved, reset, revalidated, before, after, count(*)
  from (select first.id is not null as existed,
               first.id is not null and (first.content::text <> last.content::text or first.metadata <> last.metadata) as revised,
               first.id is not null and first.memory_type <> last.memory_type as retyped,
               first.id is not null and first.confidence_score <> last.confidence_score as moved,
               first.id is not null and first.expires_at is distinct from last.expires_at as reset,
               first.id is not null and (first.valid_from, first.valid_to) is distinct from (last.valid_from, last.valid_to) as revalidated,
               coalesce(first.state, '') as before, last.state as after
          from (` + changed + `) as last
          left join lateral (` + d.from.Select(&args, filter.Conditions{"id = last.id"}, "") + `) as first on true) as differences
 group by 1, 2, 3, 4, 5, 6, 7, 8`
	counts := &ChangeCounts{}
	_, err := d.source.Answer(ctx, d.to, sql, args, func(rows pgx.Rows) error {
		for rows.Next() {
			var x difference
			var n int64
			if err := rows.Scan(&x.existed, &x.revised, &x.retyped, &x.moved, &x.reset, &x.revalidated, &x.before, &x.after, &n); err != nil {
				return err
			}
			counts.add(x, n)
		}
		return rows.Err()
	})
	counts.Incomplete = counts.Memories > MaxCounted
	return counts, err
}
