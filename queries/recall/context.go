package recall

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/recall/index"
	"github.com/auren-memory/auren/queries/recall/ranking"
	"github.com/auren-memory/auren/queries/snapshot"
)

// As many memories as Context finds on either side of one in the tail.
const _ = uint(2*index.Neighbors - answer.MaxContext)

// contextBlock is how many memories are read at a time.
const contextBlock = 100

// addContext gives the memories of a page, which are of these documents, those told before and after.
func (r *run) addContext(ctx context.Context, page *answer.Page, documents []int) error {
	around, err := r.index.Context(ctx, documents, r.request.Context)
	if err != nil {
		return err
	}
	var told []ranking.Ranked
	wanted := map[int]bool{}
	for _, d := range documents {
		for _, d := range slices.Concat(around[d].Before, around[d].After) {
			if !wanted[d] {
				wanted[d], told = true, append(told, ranking.Ranked{Document: d})
			}
		}
	}
	places, err := r.index.Places(ctx, wanted)
	if err != nil {
		return err
	}
	memories := make(map[uuid.UUID]snapshot.Memory, len(told))
	for some := range slices.Chunk(told, contextBlock) {
		read, err := r.memories(ctx, some, places)
		if err != nil {
			return err
		}
		for id, m := range read {
			page.Grow(&m)
			memories[id] = m
		}
		if page.Large() { // those around the best memories are there
			break
		}
	}
	of := func(documents []int) (all []snapshot.Memory) {
		for _, d := range documents {
			if m, ok := memories[places[d].Memory]; ok {
				all = append(all, m)
			}
		}
		return all
	}
	for n, d := range documents {
		page.Surround(n, of(around[d].Before), of(around[d].After))
	}
	return nil
}
