package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/queries"
	"github.com/auren-memory/auren/queries/recall/answer"
)

// Recall is `auren recall`.
type Recall struct {
	Query []string `arg:"" optional:"" help:"The question, in any words. Without one, --must, --phrase or --prefix."`
	filtering
	Must      []string   `placeholder:"TEXT" sep:"none" help:"Only those that hold all words of this text. Repeat it for more, as the next two."`
	MustNot   []string   `name:"must-not" placeholder:"TEXT" sep:"none" help:"Only those that hold none of these words."`
	Phrase    []string   `placeholder:"TEXT" sep:"none" help:"Only those whose content holds these words one after the other."`
	Prefix    string     `placeholder:"TEXT" help:"Only those that hold a word with this beginning."`
	MinScore  float64    `name:"min-score" placeholder:"0..1" help:"Only those with at least this score."`
	Weights   weights    `embed:"" prefix:"weight-"`
	Neighbors bool       `default:"true" negatable:"" help:"Count words told just before and after, too; --no-neighbors counts a memory's own."`
	Also      []string   `placeholder:"QUESTION" sep:"none" help:"Another question, answered after the first, as of the same state. Repeat it for more."`
	Limit     int        `default:"10" placeholder:"N" help:"How many at most (default ${default}, up to 100)."`
	AsOf      AsOf       `name:"as-of" placeholder:"TIME|N" help:"What would have been recalled at a moment, or at a sequence_id."`
	Explain   bool       `help:"Say how each score came about."`
	Total     bool       `help:"Say how many memories are found in all."`
	Cursor    string     `placeholder:"TEXT" empty:"" help:"Go on where the results ended that said this."`
	MaxTokens int        `name:"max-tokens" placeholder:"N" help:"How many tokens the texts take at most, by an estimate."`
	Context   int        `placeholder:"N" help:"Show up to so many memories told before and after each, up to 6."`
	WhyNot    *uuid.UUID `name:"why-not" placeholder:"ID" help:"Say why this memory is not among the results."`
	Fold      bool       `help:"Show one of the memories that say nearly the same."`
	JSON      bool       `help:"Print the answer as JSON."`
}

// weights are the shares of the score that are not those of words.
type weights struct {
	Recency       float64 `placeholder:"0..1" help:"Share of the score for how recently a memory was updated."`
	HalfLifeDays  float64 `name:"half-life-days" placeholder:"DAYS" help:"After how many days it is half as recent (default 30)."`
	Confidence    float64 `placeholder:"0..1" help:"Share of the score for confidence."`
	Importance    float64 `placeholder:"0..1" help:"Share of the score for a number from 0 to 1 in the metadata."`
	ImportanceKey string  `name:"importance-key" placeholder:"NAME" help:"The member of the metadata that holds it (default importance)."`
}

// Run prints what is remembered about a question, the best first.
func (c *Recall) Run(ctx context.Context, a *App) error {
	if err := checkLimit(c.Limit, queries.MaxSearchLimit); err != nil {
		return err
	}
	request := api.SearchMemoriesRequest{
		Query: strings.Join(c.Query, " "), Limit: c.Limit, Explain: c.Explain, Total: c.Total, Cursor: c.Cursor, MaxTokens: c.MaxTokens, Context: c.Context, Fold: c.Fold, WhyNot: c.WhyNot,
		Must: c.Must, MustNot: c.MustNot, Phrase: c.Phrase, Prefix: c.Prefix, MinScore: c.MinScore, Weights: api.Weights(c.Weights), Neighbors: &c.Neighbors,
	}
	if len(c.Also) > 0 {
		request.Query, request.Queries = "", append([]string{request.Query}, c.Also...)
	}
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
	if len(result.Answers) == 0 {
		c.print(a.Stdout, &result.Answer)
		return nil
	}
	for i := range result.Answers {
		if i > 0 {
			a.Stdout.Printf("\n")
		}
		a.Stdout.Printf("%s\n", a.Stdout.Paint(terminal.Bold, terminal.OneLine(result.Answers[i].Query)))
		c.print(a.Stdout, &result.Answers[i])
	}
	return nil
}

// print prints an answer for people.
func (c *Recall) print(s *terminal.Screen, found *answer.Answer) {
	note := func(format string, args ...any) {
		s.Printf("%s\n", s.Paint(terminal.Dim, fmt.Sprintf(format, args...)))
	}
	switch {
	case len(found.Hits) > 0:
		if found.Hint != "" {
			note("%s", found.Hint)
		}
		printHits(s, found.Hits)
	case len(found.TooLong) > 0:
		s.Printf("nothing fits %s\n", terminal.Count(c.MaxTokens, "token"))
	case c.Cursor != "":
		s.Printf("there are no more\n")
	default:
		s.Printf("nothing is remembered about that: %s\n", found.Hint)
	}
	for i := range found.Hits {
		if h := &found.Hits[i]; len(h.Duplicates) > 0 {
			ids := strings.Trim(fmt.Sprint(h.Duplicates), "[]")
			note("%s says the same as %s: %s", h.Memory.ID, terminal.Count(len(h.Duplicates), "other"), ids)
		}
	}
	if c.Explain {
		printExplanations(s, found.Hits)
	}
	if found.Total != nil {
		note("found in all: %s", terminal.Count(*found.Total, "memory"))
	}
	if found.Tokens != nil {
		note("about %s", terminal.Count(*found.Tokens, "token"))
	}
	for _, id := range found.TooLong {
		note("takes more than %s alone: %s", terminal.Count(c.MaxTokens, "token"), id)
	}
	if why := found.WhyNot; why != nil {
		s.Printf("why not %s: %s (%s)\n", why.ID, terminal.OneLine(why.Detail), why.Reason)
		if why.Explain != nil {
			printExplanations(s, []queries.Hit{{Memory: queries.Memory{ID: why.ID}, Explain: why.Explain}})
		}
	}
	printMore(s, found.NextCursor)
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
