package recall

import (
	"context"
	"errors"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/recall/answer"
)

// A query is analyzed before the index is read, in the languages that the index had when it was read last. Each statement that reads
// terms reads the languages of its index too: where a rebuild has changed them, the search begins again.

// otherLanguages means that the texts of the index are analyzed by another Analyzer than the query was.
type otherLanguages struct{ analyzer *lexicon.Analyzer }

// Error says so.
func (otherLanguages) Error() string { return "the languages of the index have changed" }

// isAnalyzedIn returns an otherLanguages error unless the query is analyzed in the languages of the index.
func (r *run) isAnalyzedIn(languages string) error {
	analyzer, err := r.languages.Of(string(r.snap.Tenant), languages)
	if err != nil {
		return domain.Errorf(domain.Unavailable, "the search index is made by a newer program: %v", err)
	}
	if analyzer != r.lexicon {
		return otherLanguages{analyzer}
	}
	return nil
}

// maxChanges bounds how often a search begins again; more rebuilds do not fit into its time.
const maxChanges = 3

// findInItsLanguages is find in the languages of the index.
func (r *run) findInItsLanguages(ctx context.Context, several int) (*answer.Page, error) {
	for changes := 0; ; changes++ {
		page, err := r.find(ctx, several)
		other, ok := errors.AsType[otherLanguages](err)
		if !ok || changes == maxChanges {
			return page, err
		}
		r.lexicon = other.analyzer
		if err := r.parse(); err != nil {
			return nil, err
		}
	}
}
