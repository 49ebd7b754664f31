package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/auren-memory/auren/queries"
)

type recallCommand struct {
	Query []string `arg:"" help:"The question, in any words."`
	filtering
	Limit   int  `default:"10" placeholder:"N" help:"How many at most (default ${default}, up to 100)."`
	Explain bool `help:"Say how each score came about."`
	JSON    bool `help:"Print the answer as JSON."`
}

// Run prints what is remembered about a question, the best first.
func (c *recallCommand) Run(ctx context.Context, a *app) error {
	if err := checkLimit(c.Limit, queries.MaxSearchLimit); err != nil {
		return err
	}
	filter, err := c.filter()
	if err != nil {
		return err
	}
	client, err := a.connect(ctx, "recall")
	if err != nil {
		return err
	}
	defer client.close()
	request := queries.SearchRequest{Query: strings.Join(c.Query, " "), Filter: filter, Limit: c.Limit, Explain: c.Explain}
	result, err := fresh(ctx, client, func(minSequenceID int64) (queries.SearchResult, error) {
		return client.reader.Search(ctx, a.tenant, request, minSequenceID)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.stdout.json(result)
	}
	if len(result.Hits) == 0 {
		a.stdout.printf("nothing is remembered about that\n")
		return nil
	}
	if result.Hits[0].Score == 0 {
		a.stdout.printf("%s\n", a.stdout.paint(dim, "words that are everywhere tell no memories apart; these are the latest:"))
	}
	printHits(a.stdout, result.Hits)
	if c.Explain {
		printExplanations(a.stdout, result.Hits)
	}
	return nil
}

// printExplanations prints for each hit what each word of the question contributed.
func printExplanations(s *screen, hits []queries.Hit) {
	for i := range hits {
		e := hits[i].Explain
		if e == nil {
			continue
		}
		s.printf("\n%s  %d words, where the average is %.1f, among %s\n", s.paint(bold, hits[i].Memory.ID.String()),
			e.Length, e.AverageLength, count(e.Memories, "memory"))
		rows := [][]cell{{{"word", dim}, {"score", dim}, {"weight", dim}, {"here", dim}, {"memories", dim}}}
		for _, w := range e.Words {
			rows = append(rows, []cell{
				{oneLine(w.Word), cyan}, {fmt.Sprintf("%.3f", w.Score), green}, {fmt.Sprintf("%.2f", w.IDF), plain},
				{fmt.Sprintf("%.1f", w.Frequency), plain}, {number(int64(w.Documents)), plain},
			})
		}
		s.table(2, map[int]bool{1: true, 2: true, 3: true, 4: true}, rows)
	}
}
