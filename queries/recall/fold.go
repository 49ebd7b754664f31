package recall

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/recall/ranking"
)

// maxFolded is how many of the best memories are compared with each other.
const maxFolded = 1_000

// fold leaves in the order one of the documents that say the same, the best. The order ends with the documents that are compared.
func (o *order) fold(ctx context.Context) error {
	best, err := o.best(ctx, maxFolded)
	if err != nil {
		return err
	}
	more := len(best) > maxFolded
	if !more {
		if more, err = o.reaches(ctx, len(best)); err != nil {
			return err
		}
	}
	if more {
		best = best[:min(len(best), maxFolded)]
		if o.hint != "" {
			o.hint += "; "
		}
		o.hint += fmt.Sprintf("fold compares the %d best memories, and no others are found", maxFolded)
	}
	texts, memories, err := o.texts(ctx, best)
	if err != nil {
		return err
	}
	o.ranked, o.complete = nil, true
	o.folded, o.duplicates = map[int]int{}, map[int][]uuid.UUID{}
	for i, first := range answer.Fold(texts) {
		if first == i {
			o.ranked = append(o.ranked, best[i])
			continue
		}
		o.folded[best[i].Document] = best[first].Document
		o.duplicates[best[first].Document] = append(o.duplicates[best[first].Document], memories[i])
	}
	return nil
}

// texts reads the texts of documents, and which memories they are of.
func (o *order) texts(ctx context.Context, of []ranking.Ranked) ([]answer.Text, []uuid.UUID, error) {
	documents := make(map[int]bool, len(of))
	for _, r := range of {
		documents[r.Document] = true
	}
	places, err := o.index.Places(ctx, documents)
	if err != nil {
		return nil, nil, err
	}
	memories, err := o.memories(ctx, of, places)
	if err != nil {
		return nil, nil, err
	}
	texts, ids := make([]answer.Text, len(of)), make([]uuid.UUID, len(of))
	for i, r := range of {
		ids[i] = places[r.Document].Memory
		content, err := canonjson.Parse(memories[ids[i]].Content)
		if err != nil {
			return nil, nil, err
		}
		scope, _ := o.index.Stored(r.Document)
		texts[i] = answer.NewText(scope, o.lexicon.Document(lexicon.Text{Content: content}).Terms)
	}
	return texts, ids, nil
}
