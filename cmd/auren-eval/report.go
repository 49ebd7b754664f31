package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// depths are the k of the figures.
var depths = [...]int{5, 10, 20}

// figure is a value for each of the depths.
type figure [len(depths)]float64

// report is what --json writes.
type report struct {
	Version string   `json:"version"`
	Server  string   `json:"server,omitempty"` // none: a private one
	Mode    string   `json:"mode"`
	Seed    uint64   `json:"seed"`
	Limit   int      `json:"limit"`
	Sets    []result `json:"files"`
}

// result is that of a file.
type result struct {
	File       string      `json:"file"`
	All        figures     `json:"all"`
	Categories []figures   `json:"categories,omitempty"`
	Against    *difference `json:"against,omitempty"`
	Questions  []answer    `json:"questions"`
}

// figures are means over questions.
type figures struct {
	Category  string  `json:"category,omitempty"`
	Questions int     `json:"questions"`
	Recall    figure  `json:"recall"`
	Any       figure  `json:"any"`
	Session   figure  `json:"session"`
	MRR       float64 `json:"mrr"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
}

// difference is of recall@10 to an earlier run on the same questions, with its interval of 95 %.
type difference struct {
	Before     float64 `json:"before"`
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// answer is what became of a question. A rank is the place among the results from 1 on, 0 if it is not among them.
type answer struct {
	Conversation string   `json:"conversation"`
	Number       int      `json:"number"`
	Question     string   `json:"question"`
	Asked        string   `json:"asked"`
	Category     string   `json:"category,omitempty"`
	Evidence     []string `json:"evidence"`
	Ranks        []int    `json:"ranks"`        // of each piece of evidence
	Rank         int      `json:"rank"`         // of the first piece of evidence
	SessionRank  int      `json:"session_rank"` // of the first memory of a session of the evidence
	Found        []string `json:"found"`
	Milliseconds float64  `json:"ms"`
}

func newAnswer(c *conversation, i int, found []string, took time.Duration) answer {
	q := c.Questions[i]
	a := answer{
		Conversation: c.Name, Number: i + 1, Question: q.Question, Asked: q.asked, Category: q.Category.String(), Evidence: q.Evidence,
		Ranks: make([]int, len(q.Evidence)), Found: found, Milliseconds: float64(took.Microseconds()) / 1e3,
	}
	sessions := map[string]bool{}
	for j, id := range q.Evidence {
		a.Ranks[j] = slices.Index(found, id) + 1
		sessions[c.sessions[id]] = c.sessions[id] != ""
	}
	a.Rank = 1 + slices.IndexFunc(found, func(id string) bool { return slices.Contains(q.Evidence, id) })
	a.SessionRank = 1 + slices.IndexFunc(found, func(id string) bool { return sessions[c.sessions[id]] })
	return a
}

// within is 1 if a rank is among the first k.
func within(rank, k int) float64 {
	if rank > 0 && rank <= k {
		return 1
	}
	return 0
}

// recall is the share of the evidence among the first k.
func (a *answer) recall(k int) (share float64) {
	for _, rank := range a.Ranks {
		share += within(rank, k) / float64(len(a.Ranks))
	}
	return share
}

// score computes the figures of a file; before has the recall@10 of an earlier run, nil if there is none.
func score(s *set, answers []answer, before map[string]float64) result {
	r := result{File: s.name, All: mean("", answers), Questions: answers}
	categories := map[string][]answer{}
	for _, a := range answers {
		categories[a.Category] = append(categories[a.Category], a)
	}
	delete(categories, "")
	for _, name := range slices.Sorted(maps.Keys(categories)) {
		r.Categories = append(r.Categories, mean(name, categories[name]))
	}
	if before != nil {
		r.Against = compare(s.name, answers, before)
	}
	return r
}

func mean(category string, answers []answer) figures {
	f := figures{Category: category, Questions: len(answers)}
	n, times := float64(len(answers)), make([]float64, len(answers))
	for i, a := range answers {
		times[i] = a.Milliseconds
		if a.Rank > 0 {
			f.MRR += 1 / float64(a.Rank) / n
		}
		for d, k := range depths {
			f.Recall[d] += a.recall(k) / n
			f.Any[d] += within(a.Rank, k) / n
			f.Session[d] += within(a.SessionRank, k) / n
		}
	}
	slices.Sort(times)
	f.P50, f.P99 = times[(len(times)-1)/2], times[(len(times)*99-1)/100]
	return f
}

// key names a question across runs.
func key(file, conversation string, number int, question string) string {
	return fmt.Sprintf("%s/%s/%d/%s", file, conversation, number, question)
}

// resamples of a bootstrap; its interval leaves out a fortieth at each end.
const resamples = 4000

// compare is the paired bootstrap over questions. It always draws the same samples.
func compare(file string, answers []answer, before map[string]float64) *difference {
	n := len(answers)
	differences, d := make([]float64, n), &difference{}
	for i, a := range answers {
		earlier := before[key(file, a.Conversation, a.Number, a.Question)]
		differences[i] = a.recall(10) - earlier
		d.Before += earlier / float64(n)
		d.Difference += differences[i] / float64(n)
	}
	random, means := rand.New(rand.NewPCG(1, 1)), make([]float64, resamples)
	for i := range means {
		for range n {
			means[i] += differences[random.IntN(n)] / float64(n)
		}
	}
	slices.Sort(means)
	d.Low, d.High = means[resamples/40], means[resamples-1-resamples/40]
	return d
}

// readBefore reads the report of an earlier run, which must have asked all questions of the sets, and returns the recall@10 of each.
func readBefore(path string, sets []*set) (map[string]float64, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, terminal.UsageError{Err: err}
	}
	var before report
	if err := json.Unmarshal(raw, &before); err != nil {
		return nil, terminal.Usagef("--against %s must be a file that --json wrote: %w", path, explain(raw, err))
	}
	recalls := map[string]float64{}
	for _, s := range before.Sets {
		for _, a := range s.Questions {
			recalls[key(s.File, a.Conversation, a.Number, a.Question)] = a.recall(10)
		}
	}
	for _, s := range sets {
		for _, c := range s.conversations {
			for i, q := range c.Questions {
				if _, ok := recalls[key(s.name, c.Name, i+1, q.Question)]; !ok {
					return nil, terminal.Usagef("--against %s must have the same questions: it has no question %d of conversation %s of %s", path, i+1, c.Name, s.name)
				}
			}
		}
	}
	return recalls, nil
}

// write writes the report to a file; "" means none.
func (r *report) write(path string) error {
	if path == "" {
		return nil
	}
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}

// print prints a row for each file and each of its categories.
func (r *report) print(s *terminal.Screen, against string) {
	s.Printf("%s %s\n", s.Paint(terminal.Bold, "Mode: "+r.Mode), s.Paint(terminal.Dim, fmt.Sprintf("(%d results a question)", r.Limit)))
	rows := [][]terminal.Cell{cells(terminal.Dim, "", "n", "r@5", "@10", "@20", "any@5", "@10", "@20", "sess@5", "@10", "@20", "MRR", "p50 ms", "p99 ms")}
	for _, set := range r.Sets {
		rows = append(rows, set.All.row(terminal.Bold, strings.TrimSuffix(set.File, ".json")))
		for _, f := range set.Categories {
			rows = append(rows, f.row(terminal.Plain, "  "+terminal.OneLine(f.Category)))
		}
	}
	numbers := map[int]bool{}
	for i := range rows[0] {
		numbers[i] = i > 0
	}
	s.Table(0, numbers, rows)
	for _, set := range r.Sets {
		if d := set.Against; d != nil {
			s.Printf("%s: r@10 %s → %s: %+.3f [%+.3f, %+.3f] against %s\n", strings.TrimSuffix(set.File, ".json"), share(d.Before), share(set.All.Recall[1]),
				d.Difference, d.Low, d.High, filepath.Base(against))
		}
	}
}

func (f *figures) row(as terminal.Style, name string) []terminal.Cell {
	row := cells(as, name, fmt.Sprint(f.Questions))
	for _, x := range []figure{f.Recall, f.Any, f.Session} {
		row = append(row, cells(as, share(x[0]), share(x[1]), share(x[2]))...)
	}
	return append(row, cells(as, share(f.MRR), fmt.Sprintf("%.1f", f.P50), fmt.Sprintf("%.1f", f.P99))...)
}

// share writes a number from 0 to 1, as in .625.
func share(x float64) string { return strings.TrimPrefix(fmt.Sprintf("%.3f", x), "0") }

func cells(as terminal.Style, texts ...string) []terminal.Cell {
	row := make([]terminal.Cell, len(texts))
	for i, text := range texts {
		row[i] = terminal.Cell{text, as}
	}
	return row
}
