package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/queries"
	"github.com/auren-memory/auren/queries/recall/answer"
)

// Recall is `auren recall`.
type Recall struct {
	Query []string `arg:"" help:"The question, in any words."`
	filtering
	Limit   int    `default:"10" placeholder:"N" help:"How many at most (default ${default}, up to 100)."`
	AsOf    AsOf   `name:"as-of" placeholder:"TIME|N" help:"What would have been recalled at a moment, or at a sequence_id."`
	Explain bool   `help:"Say how each score came about."`
	Total   bool   `help:"Say how many memories are found in all."`
	Cursor  string `placeholder:"TEXT" empty:"" help:"Go on where the results ended that said this."`
	JSON    bool   `help:"Print the answer as JSON."`
}

// Run prints what is remembered about a question, the best first.
func (c *Recall) Run(ctx context.Context, a *App) error {
	if err := checkLimit(c.Limit, queries.MaxSearchLimit); err != nil {
		return err
	}
	request := api.SearchMemoriesRequest{Query: strings.Join(c.Query, " "), Limit: c.Limit, Explain: c.Explain, Total: c.Total, Cursor: c.Cursor}
	request.Filter = c.filter()
	result, err := ask(ctx, a, "recall", c.AsOf, func(door *stack.Door, m api.Moment) (queries.SearchResult, error) {
		request.Moment = m
		return api.SearchMemories.Call(ctx, door, a.Caller(), request)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(result)
	}
	if len(result.Hits) == 0 {
		if c.Cursor != "" {
			a.Stdout.Printf("there are no more\n")
			return nil
		}
		a.Stdout.Printf("nothing is remembered about that: %s\n", result.Hint)
		return nil
	}
	if result.Hint != "" {
		a.Stdout.Printf("%s\n", a.Stdout.Paint(terminal.Dim, result.Hint))
	}
	printHits(a.Stdout, result.Hits)
	if c.Explain {
		printExplanations(a.Stdout, result.Hits)
	}
	if result.Total != nil {
		a.Stdout.Printf("%s\n", a.Stdout.Paint(terminal.Dim, "found in all: "+terminal.Count(int64(*result.Total), "memory")))
	}
	printMore(a.Stdout, result.NextCursor)
	return nil
}

// printExplanations prints for each hit what each word of the question contributed.
func printExplanations(s *terminal.Screen, hits []queries.Hit) {
	for i := range hits {
		e := hits[i].Explain
		if e == nil {
			continue
		}
		s.Printf("\n%s  %d words, where the average is %.1f, among %s\n", s.Paint(terminal.Bold, hits[i].Memory.ID.String()),
			e.Length, e.AverageLength, terminal.Count(e.Memories, "memory"))
		rows := [][]terminal.Cell{{{"word", terminal.Dim}, {"found", terminal.Dim}, {"score", terminal.Dim}, {"weight", terminal.Dim}, {"here", terminal.Dim}, {"memories", terminal.Dim}}}
		for _, w := range e.Words {
			rows = append(rows, []terminal.Cell{
				{terminal.OneLine(w.Word), terminal.Cyan}, {where(w), terminal.Plain}, {fmt.Sprintf("%.3f", w.Score), terminal.Green}, {fmt.Sprintf("%.2f", w.IDF), terminal.Plain},
				{fmt.Sprint(w.Frequency), terminal.Plain}, {terminal.Number(int64(w.Documents)), terminal.Plain},
			})
		}
		s.Table(2, map[int]bool{2: true, 3: true, 4: true, 5: true}, rows)
	}
}

// where says as what a word was found, and in which neighbour if not in the memory itself.
func where(w answer.WordScore) string {
	text := w.Term
	if w.Kind != "" && w.Kind != "exact" {
		text += " (" + w.Kind + ")"
	}
	if w.Neighbor != nil {
		text += " in " + w.Neighbor.String()
	}
	return terminal.OneLine(text)
}
