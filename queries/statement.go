package queries

import (
	"strconv"
	"strings"

	"github.com/auren-memory/auren/domain"
)

// statement gathers the arguments of a SQL text that is put together from fixed pieces: what the caller
// sent goes into args, never into the text. A condition that is not asked for is not in the text, so that the
// planner sees which index fits.
type statement struct {
	args []any
}

// newStatement begins a statement about one tenant.
func newStatement(tenant domain.Tenant) *statement { return &statement{args: []any{tenant}} }

// tenant is the placeholder of the tenant.
func (s *statement) tenant() string { return "$1" }

// arg adds an argument and returns its placeholder.
func (s *statement) arg(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// conditions are parts of a where clause, each to be joined with "and".
type conditions []string

func (c *conditions) add(parts ...string) { *c = append(*c, strings.Join(parts, "")) }

// and returns the conditions as the continuation of a where clause.
func (c conditions) and() string {
	var text strings.Builder
	for _, condition := range c {
		text.WriteString("\n   and " + condition)
	}
	return text.String()
}
