package filter

import (
	"strconv"
	"strings"
)

// Args are the arguments of a SQL text that is put together from fixed pieces: what a caller sent goes into them, never into
// the text. A condition that is not asked for is not in the text, so that the planner sees which index fits.
type Args []any

// Add adds an argument and returns its placeholder.
func (a *Args) Add(value any) string {
	*a = append(*a, value)
	return "$" + strconv.Itoa(len(*a))
}

// Conditions are the parts of a where clause.
type Conditions []string

// Add joins the pieces to one condition and adds it.
func (c *Conditions) Add(pieces ...string) { *c = append(*c, strings.Join(pieces, "")) }

// And returns the conditions as the continuation of a where clause.
func (c Conditions) And() string {
	var text strings.Builder
	for _, condition := range c {
		text.WriteString("\n   and " + condition)
	}
	return text.String()
}
