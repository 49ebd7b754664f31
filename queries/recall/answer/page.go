package answer

import (
	"slices"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries/snapshot"
)

const (
	// maxTooLong is how many memories that exceed the budget alone a page passes over.
	maxTooLong = 100
	// maxBytes ends the pages of an answer early, so that large memories do not fill the process's own memory.
	maxBytes = 8 << 20
)

// Page collects the memories that answer a query, from which Answers makes an answer.
type Page struct {
	// Answer has everything but what Answers decides.
	Answer  Answer
	request *Request
	place   Place
	search  func() []byte // the fingerprint; it takes some microseconds
	next    *int          // the rank of the first result after the page; nil if there is none
	hits    []candidate
	tooLong []candidate
	tokens  int
	bytes   int
	most    int // bytes
}

// candidate is a result that the budget may have no room for.
type candidate struct {
	Hit
	rank          int
	tokens        int
	before, after []snapshot.Memory
}

// NewPage makes the page of a request that begins at a place of the search with the fingerprint, one of several that share the memory
// of the process.
func NewPage(request *Request, place Place, search func() []byte, several int) *Page {
	return &Page{Answer: Answer{Hits: []Hit{}}, request: request, place: place, search: search, most: maxBytes / several}
}

// Add adds the memory of a rank. It tells whether the budget has room for it at all.
func (p *Page) Add(hit Hit, rank int) bool {
	c := candidate{Hit: hit, rank: rank}
	p.Grow(&hit.Memory)
	if most := p.request.MaxTokens; most > 0 {
		c.tokens = Tokens(hit.Memory.Content)
		if c.tokens > most {
			p.tooLong = append(p.tooLong, c)
			return false
		}
		p.tokens += c.tokens
	}
	p.hits = append(p.hits, c)
	return true
}

// Grow counts the size of a memory.
func (p *Page) Grow(m *snapshot.Memory) { p.bytes += m.Size() }

// Large tells that the page takes as much of the process's memory as it may.
func (p *Page) Large() bool { return p.bytes > p.most }

// Full tells that the page takes no more.
func (p *Page) Full() bool {
	return len(p.hits) == p.request.Limit || len(p.tooLong) == maxTooLong || p.Large() || p.request.MaxTokens > 0 && p.tokens > p.request.MaxTokens
}

// Follow says that results follow, from a rank on.
func (p *Page) Follow(rank int) { p.next = &rank }

// Surround gives the n-th memory those told before and after it, the nearest first.
func (p *Page) Surround(n int, before, after []snapshot.Memory) {
	p.hits[n].before, p.hits[n].after = before, after
}

// Result makes the answers of the pages, one for each query, as of a position.
//
// The budget is spent on the results first, one of each page at a time, in their order while they fit; then, in the same order, on
// what was told around them, the nearest first. No memory stands in an answer twice.
func (r *Request) Result(pages []*Page, position int64) Result {
	b := budget{r.MaxTokens > 0, r.MaxTokens}
	most := 0
	for _, p := range pages {
		most = max(most, len(p.hits))
	}
	for n := range most {
		for _, p := range pages {
			p.show(n, &b)
		}
	}
	for n := range most {
		for _, p := range pages {
			p.showContext(n, &b)
		}
	}
	result := Result{SequenceID: position}
	if len(r.Queries) == 0 {
		result.Answer = pages[0].finish(b.limited)
		return result
	}
	result.Hits = []Hit{}
	for i, p := range pages {
		p.Answer.Query = r.Queries[i]
		a := p.finish(b.limited)
		result.Cut = result.Cut || a.Cut
		result.Answers = append(result.Answers, a)
	}
	if b.limited {
		result.Tokens = new(r.MaxTokens - b.left)
	}
	return result
}

// budget is how many tokens are left.
type budget struct {
	limited bool
	left    int
}

// spend takes tokens if there are as many.
func (b *budget) spend(tokens int) bool {
	if b.limited && tokens > b.left {
		return false
	}
	b.left -= tokens
	return true
}

// show shows the n-th memory, or ends the page before it.
func (p *Page) show(n int, b *budget) {
	if n >= len(p.hits) {
		return
	}
	if c := p.hits[n]; !b.spend(c.tokens) {
		p.hits, p.next, p.Answer.Cut = p.hits[:n], &c.rank, true
		p.tooLong = slices.DeleteFunc(p.tooLong, func(long candidate) bool { return long.rank > c.rank })
	}
}

// showContext shows what was told around the n-th memory.
func (p *Page) showContext(n int, b *budget) {
	if n >= len(p.hits) || p.request.Context == 0 {
		return
	}
	shown := map[uuid.UUID]bool{}
	for i := range p.hits {
		shown[p.hits[i].Memory.ID] = true
		if c := p.hits[i].Context; c != nil {
			for _, m := range slices.Concat(c.Before, c.After) {
				shown[m.ID] = true
			}
		}
	}
	c := &p.hits[n]
	c.Context = &Context{Before: []snapshot.Memory{}, After: []snapshot.Memory{}}
	before, after := c.before, c.after
	take := func(from []snapshot.Memory, into *[]snapshot.Memory) []snapshot.Memory {
		if len(from) == 0 {
			return nil
		}
		m := from[0]
		if shown[m.ID] {
			return from[1:]
		}
		tokens := 0
		if b.limited {
			tokens = Tokens(m.Content)
		}
		if !b.spend(tokens) { // those further away would leave a gap
			p.Answer.Cut = true
			return nil
		}
		c.tokens += tokens
		*into, shown[m.ID] = append(*into, m), true
		return from[1:]
	}
	for len(before)+len(after) > 0 {
		before = take(before, &c.Context.Before)
		after = take(after, &c.Context.After)
	}
	slices.Reverse(c.Context.Before)
}

// finish makes the answer.
func (p *Page) finish(limited bool) Answer {
	a := p.Answer
	sum := 0
	for i := range p.hits {
		hit := p.hits[i].Hit
		if limited {
			hit.Tokens = &p.hits[i].tokens
			sum += p.hits[i].tokens
		}
		a.Hits = append(a.Hits, hit)
	}
	if limited {
		a.Tokens = &sum
	}
	for _, long := range p.tooLong {
		a.TooLong = append(a.TooLong, long.Memory.ID)
	}
	a.Cut = a.Cut || len(a.TooLong) > 0
	if a.WhyNot != nil {
		p.decide(a.WhyNot)
	}
	if p.next != nil {
		p.place.Rank, p.place.Search = *p.next, p.search()
		a.NextCursor = p.place.Next()
	}
	return a
}
