package bench

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The measures of a plot, in pixels.
const (
	panelWidth, panelHeight = 620, 400
	left, right             = 64, 20
	top, bottom             = 44, 52
	legendLine              = 18
)

var colours = []string{"#8c8c8c", "#c08a2d", "#2f6fb5", "#2a8f5b", "#b0413e", "#7b4fa3", "#2aa5a0"}

// scale maps values to pixels, logarithmically.
type scale struct{ low, high, from, to float64 }

func (s scale) at(value float64) float64 {
	return s.from + (s.to-s.from)*(math.Log10(value)-s.low)/(s.high-s.low)
}

// ticks are the powers of ten, and between them 2 and 5 where there are few.
func (s scale) ticks() (all []float64) {
	steps := []float64{1}
	if s.high-s.low <= 2.5 {
		steps = []float64{1, 2, 5}
	}
	for exponent := math.Floor(s.low); exponent <= s.high; exponent++ {
		for _, step := range steps {
			if value := step * math.Pow(10, exponent); math.Log10(value) >= s.low-1e-9 && math.Log10(value) <= s.high+1e-9 {
				all = append(all, value)
			}
		}
	}
	return all
}

// scaleOf covers values with a little room at both ends.
func scaleOf(values []float64, from, to float64) scale {
	low, high := math.Log10(slices.Min(values)), math.Log10(slices.Max(values))
	room := math.Max((high-low)*0.06, 0.05)
	return scale{low - room, high + room, from, to}
}

func writeSVG(out io.Writer, panels []panel) error {
	rows := 0
	for _, p := range panels {
		rows = max(rows, len(p.names()))
	}
	width, height := panelWidth*len(panels), panelHeight+legendLine*rows+12
	var w strings.Builder
	fmt.Fprintf(&w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&w, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	for i, p := range panels {
		fmt.Fprintf(&w, `<g transform="translate(%d,0)">`+"\n", i*panelWidth)
		p.draw(&w)
		w.WriteString("</g>\n")
	}
	w.WriteString("</svg>\n")
	_, err := io.WriteString(out, w.String())
	return err
}

// names are those of the series, each once: what is dashed has the colour of its namesake.
func (p *panel) names() []string {
	var names []string
	for _, s := range p.series {
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

func (p *panel) draw(w *strings.Builder) {
	var xs, ys []float64
	for _, s := range p.series {
		for _, at := range s.points {
			xs, ys = append(xs, at.x), append(ys, at.y)
		}
	}
	x, y := scaleOf(xs, left, panelWidth-right), scaleOf(ys, panelHeight-bottom, top)
	p.drawAxes(w, x, y, measuredAt(xs))
	names := p.names()
	for _, s := range p.series {
		colour := colours[slices.Index(names, s.name)%len(colours)]
		var line []string
		for _, at := range s.points {
			line = append(line, fmt.Sprintf("%.1f,%.1f", x.at(at.x), y.at(at.y)))
			fmt.Fprintf(w, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(at.x), y.at(at.y), colour)
		}
		fmt.Fprintf(w, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(line, " "), colour, dash(s.dashed))
	}
	for i, name := range names {
		at := panelHeight + i*legendLine
		colour := colours[i%len(colours)]
		dashed := !slices.ContainsFunc(p.series, func(s series) bool { return s.name == name && !s.dashed })
		fmt.Fprintf(w, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="2"%s/>`+"\n", left, at, left+28, at, colour, dash(dashed))
		text(w, left+36, float64(at+4), "start", name)
	}
}

// drawAxes draws the frame, the grid and what is written on it; across, the lines are where something was measured.
func (p *panel) drawAxes(w *strings.Builder, x, y scale, columns []float64) {
	const grid = `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#e4e4e4"/>` + "\n"
	for _, value := range columns {
		fmt.Fprintf(w, grid, x.at(value), y.to, x.at(value), y.from)
		text(w, x.at(value), y.from+18, "middle", tick(value))
	}
	for _, value := range y.ticks() {
		fmt.Fprintf(w, grid, x.from, y.at(value), x.to, y.at(value))
		text(w, x.from-6, y.at(value)+4, "end", tick(value))
	}
	fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="none" stroke="#808080"/>`+"\n", x.from, y.to, x.to-x.from, y.from-y.to)
	text(w, (x.from+x.to)/2, y.from+36, "middle", p.x)
	text(w, x.from-6, y.to-8, "end", p.y)
	text(w, (x.from+x.to)/2, top/2, "middle", p.title)
}

func measuredAt(xs []float64) []float64 {
	return slices.Compact(slices.Sorted(slices.Values(xs)))
}

func dash(dashed bool) string {
	if dashed {
		return ` stroke-dasharray="6 4"`
	}
	return ""
}

func text(w *strings.Builder, x, y float64, anchor, said string) {
	fmt.Fprintf(w, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(said))
}

func tick(value float64) string {
	if value < 1 {
		return strconv.FormatFloat(value, 'g', -1, 64)
	}
	return strings.TrimSuffix(strings.TrimSuffix(figure3(math.Round(value)), ".00"), ".0")
}
