package recall

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/snapshot"
)

// As many memories as lines returns on either side of one in the tail.
const _ = uint(2*neighbors - answer.MaxContext)

// contextBlock is how many memories are read at a time.
const contextBlock = 100

// addContext gives the memories of a page, which are of these documents, those told before and after.
func (r *run) addContext(ctx context.Context, page *answer.Page, documents []int) error {
	lines, err := r.index.lines(ctx, r.conn, string(r.snap.Tenant), documents, r.request.Context)
	if err != nil {
		return err
	}
	around := make(map[int]*sides, len(documents))
	for _, d := range documents {
		around[d] = &sides{}
	}
	for _, line := range lines {
		for i, p := range line {
			if s := around[p.document]; s != nil {
				// A memory stands in the lines of others, too, with fewer around it.
				s.before = longer(s.before, inContext(line, i, -1, r.request.Context))
				s.after = longer(s.after, inContext(line, i, 1, r.request.Context))
			}
		}
	}
	var told []ranked
	wanted := map[int]bool{}
	for _, d := range documents {
		for _, d := range slices.Concat(around[d].before, around[d].after) {
			if !wanted[d] {
				wanted[d], told = true, append(told, ranked{document: d})
			}
		}
	}
	places, err := r.storedPlaces(ctx, wanted)
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
			if m, ok := memories[places[d].memory]; ok {
				all = append(all, m)
			}
		}
		return all
	}
	for n, d := range documents {
		page.Surround(n, of(around[d].before), of(around[d].after))
	}
	return nil
}

// inContext returns up to n documents that are together with one in a line, in a direction.
func inContext(line []*place, i, step, n int) (found []int) {
	for at := i + step; at >= 0 && at < len(line) && len(found) < n && together(line[min(at, at-step)], line[max(at, at-step)]); at += step {
		found = append(found, line[at].document)
	}
	return found
}

func longer(a, b []int) []int {
	if len(b) > len(a) {
		return b
	}
	return a
}
