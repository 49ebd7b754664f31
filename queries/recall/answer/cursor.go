package answer

import (
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/cursor"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// Place is where a page of results begins, in the state of the memories that the first page was read from.
type Place struct {
	Search   []byte    `json:"s"` // the fingerprint of the search
	Position int64     `json:"p"`
	Moment   time.Time `json:"m"`
	Rank     int       `json:"r"` // of the page's first result, from 0
	Index    []byte    `json:"i"` // identifies what analyzed the texts
}

// AnalyzedBy is what Place.Index says of a version of the analyzer.
func AnalyzedBy(version string) []byte { return cursor.Fingerprint(version)[:4] }

// Fingerprint identifies the search by everything that decides what is found, and in which order.
func (r *Request) Fingerprint(tenant domain.Tenant, where filter.Where, asOf snapshot.AsOf) []byte {
	return cursor.Fingerprint("search", tenant, where, r.Query, r.Must, r.MustNot, r.Phrase, r.Prefix, r.MinScore, r.Weights, r.WithoutNeighbors, r.Fold, asOf)
}

// Next is the cursor of a page.
func (p Place) Next() string { return cursor.Encode(p) }

// ReadPlace reads the cursor of a request, which must be of the search with the fingerprint. It returns nil for none.
func (r *Request) ReadPlace(search func() []byte) (*Place, error) {
	if r.Cursor == "" {
		return nil, nil
	}
	p, err := cursor.Read(r.Cursor, search(), func(p Place) []byte { return p.Search })
	if err != nil {
		return nil, err
	}
	if p.Position < 0 || p.Rank < 0 || domain.CheckTime("cursor", p.Moment) != nil {
		return nil, cursor.ErrUnreadable()
	}
	return &p, nil
}
