package queries

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// Order is the sort key of a list; equal keys are sorted by id.
type Order string

// The orders of a list.
const (
	ByCreated    Order = "created"
	ByUpdated    Order = "updated"
	ByRecorded   Order = "recorded"
	ByConfidence Order = "confidence"
)

// The limits of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
	// maxPageBytes ends a page early, so that large memories do not fill the process's own memory.
	maxPageBytes = 4 << 20
)

// Page says which part of a list to return.
type Page struct {
	// Order is ByCreated, ByUpdated, ByRecorded or ByConfidence; default ByCreated.
	Order Order
	// Descending asks for the newest, or the most certain, first; default the other way round.
	Descending bool
	// Cursor continues the list that returned it, with the same order, filter and as of; default the beginning.
	Cursor string
	// Limit is how many memories the page holds at most, from 1 to MaxLimit; default DefaultLimit.
	// A page of very large memories ends earlier.
	Limit int
}

// ListResult is a page of a list.
type ListResult struct {
	Memories []Memory `json:"memories"`
	// NextCursor continues the list; empty at its end.
	NextCursor string `json:"next_cursor"`
	// SequenceID is the position that the page reflects.
	SequenceID int64 `json:"sequence_id"`
}

// List returns a page of the memories that match. Following the cursors to the end visits every memory once, if it existed
// at the start and did not change its place in the order meanwhile.
func (r *Reader) List(ctx context.Context, tenant domain.Tenant, f Filter, p Page, at At) (ListResult, error) {
	where, err := f.Check()
	if err != nil {
		return ListResult{}, err
	}
	if err := p.check(); err != nil {
		return ListResult{}, err
	}
	list := fingerprint(tenant, where, p, at.AsOf)
	// A cursor that is wrong is refused before the projection is waited for.
	after, err := decodeCursor(p.Cursor, list, p.Order)
	if err != nil {
		return ListResult{}, err
	}
	snap, err := r.source.At(ctx, tenant, at)
	if err != nil {
		return ListResult{}, fmt.Errorf("list memories: %w", err)
	}
	return r.page(ctx, snap, where, p, after, list)
}

// page reads a page of a snapshot, of the list with this fingerprint.
func (r *Reader) page(ctx context.Context, snap snapshot.Snapshot, where filter.Where, p Page, after *Memory, list func() []byte) (result ListResult, err error) {
	args := filter.Args{snap.Tenant}
	sql := selectPage(snap, where, p, after, &args)
	result.SequenceID, err = r.source.Answer(ctx, snap, sql, args, func(rows pgx.Rows) (err error) {
		var more bool
		result.Memories, more, err = collectPage(rows, p.Limit, snapshot.MemoryScanner(), (*Memory).Size)
		if err == nil && more {
			result.NextCursor = cursorAfter(list(), p.Order, &result.Memories[len(result.Memories)-1])
		}
		return err
	})
	if err != nil {
		return ListResult{}, fmt.Errorf("list memories: %w", err)
	}
	return result, nil
}

// check fills in the defaults.
func (p *Page) check() (err error) {
	p.Order = cmp.Or(p.Order, ByCreated)
	if column, _ := p.Order.key(&Memory{}); column == "" {
		return domain.Invalidf("order", "must be created, updated, recorded or confidence, got %q", p.Order)
	}
	p.Limit, err = checkLimit(p.Limit, DefaultLimit, MaxLimit)
	return err
}

func checkLimit(limit, normal, highest int) (int, error) {
	if limit < 0 || limit > highest {
		return 0, domain.Invalidf("limit", "must be 1 to %d, got %d", highest, limit)
	}
	return cmp.Or(limit, normal), nil
}

// key returns the column that an order sorts by, and its value in a memory. Memories are recorded in the order of their
// sequence_ids, which have an index.
func (o Order) key(m *Memory) (column string, value any) {
	switch o {
	case ByCreated:
		return "created_at", &m.CreatedAt
	case ByUpdated:
		return "updated_at", &m.UpdatedAt
	case ByRecorded:
		return "sequence_id", &m.SequenceID
	case ByConfidence:
		return "confidence_score", &m.Confidence
	}
	return "", nil
}

func selectPage(snap snapshot.Snapshot, where filter.Where, p Page, after *Memory, args *filter.Args) string {
	direction, beyond := "", ">"
	if p.Descending {
		direction, beyond = " desc", "<"
	}
	column, place := p.Order.key(cmp.Or(after, &Memory{}))
	conditions := where.SQL(filter.Memories, snap.Moment, args)
	if after != nil {
		conditions.Add("(", column, ", id) ", beyond, " (", args.Add(place), ", ", args.Add(after.ID), ")")
	}
	// One row beyond the limit tells whether there is a next page.
	return snap.Select(args, conditions, `
 order by `+column+direction+`, id`+direction+`
 limit `+args.Add(p.Limit+1))
}

// collectPage reads at most limit rows, and stops early once they fill maxPageBytes; more tells whether there are others.
func collectPage[T any](rows pgx.Rows, limit int, scan pgx.RowToFunc[T], size func(*T) int) (page []T, more bool, err error) {
	page = make([]T, 0, min(limit, DefaultLimit))
	bytes := 0
	for rows.Next() {
		if len(page) == limit || bytes > maxPageBytes {
			rows.Close()
			more = true
			break
		}
		row, err := scan(rows)
		if err != nil {
			return nil, false, err
		}
		page, bytes = append(page, row), bytes+size(&row)
	}
	return page, more, rows.Err()
}

// MaxDays is how far back Recent looks at most: a hundred years.
const MaxDays = 36_525

// Recent returns the memories that match and were created or changed in the last days, counted back from the moment that is
// asked for, the latest first. limit is as in Page.
func (r *Reader) Recent(ctx context.Context, tenant domain.Tenant, f Filter, days, limit int, at At) (ListResult, error) {
	if days < 1 || days > MaxDays {
		return ListResult{}, domain.Invalidf("days", "must be 1 to %d, got %d", MaxDays, days)
	}
	p := Page{Order: ByUpdated, Descending: true, Limit: limit}
	if err := p.check(); err != nil {
		return ListResult{}, err
	}
	snap, err := r.source.At(ctx, tenant, at)
	if err != nil {
		return ListResult{}, fmt.Errorf("list recent memories: %w", err)
	}
	// Creating a memory updates it, too.
	since := snap.Moment.Add(-time.Duration(days) * 24 * time.Hour)
	if since.Before(time.Time{}) {
		since = time.Time{}
	}
	f.UpdatedAfter = &since
	where, err := f.Check()
	if err != nil {
		return ListResult{}, err
	}
	return r.page(ctx, snap, where, p, nil, fingerprint(tenant, where, p, at.AsOf))
}
