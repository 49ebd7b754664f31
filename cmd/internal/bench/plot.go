package bench

import (
	"errors"
	"io"
	"slices"
	"strings"
)

// ErrNothingToPlot says that a report holds neither append nor search, whose cases are series.
var ErrNothingToPlot = errors.New("there is nothing to plot: neither append nor search was measured")

// WriteSVG plots latency against concurrency, of append, and against size, of search, as far as they were measured;
// ErrNothingToPlot where neither was.
func (r *Report) WriteSVG(out io.Writer) error {
	panels := slices.DeleteFunc([]panel{r.appendPanel(), r.searchPanel()}, func(p panel) bool { return len(p.series) == 0 })
	if len(panels) == 0 {
		return ErrNothingToPlot
	}
	return writeSVG(out, panels)
}

func (r *Report) appendPanel() panel {
	p := panel{title: "append: p99 against concurrency", x: "clients", y: "ms"}
	for _, result := range r.Results {
		if result.Scenario != "append" {
			continue
		}
		for _, s := range result.Sides {
			p.add(s.Name, s.Floor, float64(result.At), s.P99)
		}
	}
	return p
}

// searchPanel draws ours and the floor of one question in one colour.
func (r *Report) searchPanel() panel {
	p := panel{title: "search: p50 against the size of the scope (dashed: the floor)", x: "memories in the scope", y: "ms"}
	for _, result := range r.Results {
		if result.Scenario != "search" {
			continue
		}
		name, _, _ := strings.Cut(result.Case, " in ")
		for _, s := range slices.Backward(result.Sides) {
			p.add(name, s.Floor, float64(result.At), s.P50)
		}
	}
	return p
}

// panel is one plot; both axes are logarithmic.
type panel struct {
	title, x, y string
	series      []series
}

// series is one line.
type series struct {
	name   string
	dashed bool
	points []point
}

type point struct{ x, y float64 }

// add continues the line of a name, or begins it. What was not measured is left out.
func (p *panel) add(name string, dashed bool, x float64, y *Spread) {
	if y == nil || y.Median <= 0 || x <= 0 {
		return
	}
	i := slices.IndexFunc(p.series, func(s series) bool { return s.name == name && s.dashed == dashed })
	if i < 0 {
		i = len(p.series)
		p.series = append(p.series, series{name: name, dashed: dashed})
	}
	p.series[i].points = append(p.series[i].points, point{x, y.Median})
}
