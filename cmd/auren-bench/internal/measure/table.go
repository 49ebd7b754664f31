package measure

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// Section is a scenario as a table for people.
type Section struct {
	Title string
	// Rows have the header first. From the third column on they hold numbers.
	Rows [][]string
}

// Sections lays the results out. The columns × compare with the first floor of the case, × 2nd with its second one;
// the floors are marked with ▁.
func (r *Report) Sections() []Section {
	var sections []Section
	for _, result := range r.Results {
		if n := len(sections); n == 0 || sections[n-1].Title != result.Scenario {
			header := []string{"case", "", result.Sides[0].Unit + "/s", "min – max", "×", "× 2nd", "p50 ms", "×", "p99 ms", "×", "all in ms"}
			sections = append(sections, Section{Title: result.Scenario, Rows: [][]string{header}})
		}
		s := &sections[len(sections)-1]
		for i, side := range result.Sides {
			name := ""
			if i == 0 {
				name = result.Case
			}
			s.Rows = append(s.Rows, side.row(name))
		}
	}
	for i := range sections {
		sections[i].dropEmptyColumns(r.Rounds)
	}
	return sections
}

// dropEmptyColumns makes the table as narrow as what it says: without columns in which nothing stands, and without the spread
// of a single round.
func (s *Section) dropEmptyColumns(rounds int) {
	for column := len(s.Rows[0]) - 1; column > 1; column-- {
		empty := s.Rows[0][column] == "min – max" && rounds == 1 ||
			!slices.ContainsFunc(s.Rows[1:], func(row []string) bool { return row[column] != "" })
		if empty {
			for i, row := range s.Rows {
				s.Rows[i] = slices.Delete(row, column, column+1)
			}
		}
	}
}

func (s *Side) row(name string) []string {
	mark := "  "
	if s.Floor {
		mark = "▁ "
	}
	row := []string{name, mark + s.Name, figure(&s.PerSecond), figure3(s.PerSecond.Min) + " – " + figure3(s.PerSecond.Max)}
	ratios := append(slices.Clone(s.Ratios), Ratio{}, Ratio{}) // there are at most two, or none
	first, second := ratios[0], ratios[1]
	return append(row, times(&first.PerSecond), times(&second.PerSecond),
		figure(s.P50), times(first.P50), figure(s.P99), times(first.P99), figure(s.Took))
}

func figure(s *Spread) string {
	if s == nil {
		return ""
	}
	return figure3(s.Median)
}

func times(s *Spread) string {
	if s == nil || s.Median == 0 {
		return ""
	}
	return strconv.FormatFloat(s.Median, 'f', 2, 64)
}

// figure3 writes a number in about three digits, thousands apart.
func figure3(f float64) string {
	switch {
	case f < 10:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 100:
		return strconv.FormatFloat(f, 'f', 1, 64)
	case f < 1000:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return terminal.Number(int64(f + 0.5))
}

// Describe says in a few lines what the figures were taken on.
func (r *Report) Describe() []string {
	m := r.Machine
	where := "given by its DSN"
	if m.Private {
		where = "private, on the same cores"
	}
	memory := "memory not known"
	if m.MemoryBytes > 0 {
		memory = fmt.Sprintf("%.0f GiB", float64(m.MemoryBytes)/(1<<30))
	}
	var settings []string
	for _, s := range m.Settings {
		settings = append(settings, s.Name+" "+s.Value)
	}
	return []string{
		fmt.Sprintf("%s, %d cores, %s, %s, %s", cmp.Or(m.Processor, "processor not known"), m.Cores, memory, m.OS, m.Go),
		fmt.Sprintf("PostgreSQL %s, %s: %s", m.PostgreSQL, where, strings.Join(settings, ", ")),
		fmt.Sprintf("load average %.1f before, %.1f after; rounds: %d, %d memories in the largest data set, %d ms a measurement; %s, took %.0f s",
			r.LoadBefore, r.LoadAfter, r.Rounds, r.Events, r.DurationMS, r.StartedAt.Format("2006-01-02 15:04 MST"), r.TookSeconds),
	}
}
