package queries

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
)

// Order is what a list is ordered by; the id decides between equals.
type Order string

// The orders of a list.
const (
	ByCreated    Order = "created"
	ByUpdated    Order = "updated"
	ByConfidence Order = "confidence"
)

// The limits of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
	// maxPageBytes ends a page early, so that large memories do not fill the process's own memory.
	maxPageBytes = 4 << 20
)

// Page says which piece of a list is asked for.
type Page struct {
	// Order is ByCreated, ByUpdated or ByConfidence; default ByCreated.
	Order Order
	// Descending asks for the newest, or the most certain, first; default the other way round.
	Descending bool
	// Cursor continues the list that returned it, which must have had the same order, filter and as of;
	// default the beginning.
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

// List returns a page of the memories that match. Following the cursors to the end visits every memory
// once that was there from the beginning on and whose place in the order did not change meanwhile.
func (r *Reader) List(ctx context.Context, tenant domain.Tenant, f Filter, p Page, at At) (ListResult, error) {
	f, err := f.check()
	if err != nil {
		return ListResult{}, err
	}
	column, err := p.check()
	if err != nil {
		return ListResult{}, err
	}
	list := fingerprint(tenant, f, p, at.AsOf)
	after, err := decodeCursor(p.Cursor, list)
	if err != nil {
		return ListResult{}, err
	}
	v, err := r.view(ctx, tenant, at)
	if err != nil {
		return ListResult{}, fmt.Errorf("list memories: %w", err)
	}
	s := newStatement(tenant)
	sql := s.selectPage(v, f, p, column, after)
	result := ListResult{}
	result.SequenceID, err = r.answer(ctx, tenant, at.MinSequenceID, sql, s.args, func(rows pgx.Rows) (err error) {
		var more bool
		result.Memories, more, err = collectPage(rows, p.Limit, memoryScanner(), func(m *Memory) int { return m.size() })
		if err == nil && more {
			result.NextCursor = cursorAfter(list, p.Order, result.Memories[len(result.Memories)-1])
		}
		return err
	})
	if err != nil {
		return ListResult{}, fmt.Errorf("list memories: %w", err)
	}
	result.SequenceID = v.reflects(result.SequenceID)
	return result, nil
}

// check fills in the defaults and returns the column to order by.
func (p *Page) check() (column string, err error) {
	if p.Limit, err = checkLimit(p.Limit, DefaultLimit, MaxLimit); err != nil {
		return "", err
	}
	switch p.Order {
	case "", ByCreated:
		p.Order = ByCreated
		return "created_at", nil
	case ByUpdated:
		return "updated_at", nil
	case ByConfidence:
		return "confidence_score", nil
	default:
		return "", domain.Invalidf("order", "is %q; allowed are created, updated and confidence", p.Order)
	}
}

func (s *statement) selectPage(v view, f Filter, p Page, column string, after *cursor) string {
	direction, comparison := "", ">"
	if p.Descending {
		direction, comparison = " desc", "<"
	}
	where := f.where(s, v.moment)
	if after != nil {
		var key any = after.Confidence
		if p.Order != ByConfidence {
			key = time.UnixMicro(after.Time)
		}
		where.add(`(`, column, `, id) `, comparison, ` (`, s.arg(key), `, `, s.arg(after.ID), `)`)
	}
	// One more than asked for tells whether there is a next page.
	return s.selectMemories(v, where.and(), `
 order by `+column+direction+`, id`+direction+`
 limit `+s.arg(p.Limit+1))
}

// collectPage reads at most limit rows, and fewer once they fill maxPageBytes; more tells whether there are others.
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
