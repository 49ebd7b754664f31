// Package architecture_test holds the direction of the arrows between the packages of this module.
package architecture_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root   = "../../.."
	module = "github.com/auren-memory/auren"

	binary = "cmd/auren"
	bench  = "cmd/auren-bench"
	eval   = "cmd/auren-eval"

	// For tests only.
	pgtest   = "deploy/standalone/pgtest"
	proctest = "cmd/internal/proctest"
)

// rows says which packages of this module each package may import outside its tests. The binary, which wires
// everything together, has no row: it may import all but what is for tests only.
func rows() map[string][]string {
	return map[string][]string{
		bench: {bench + "/internal/measure", bench + "/internal/scenario", bench + "/internal/world", "cmd/internal/config", "cmd/internal/observe",
			"cmd/internal/terminal", "deploy/standalone"},
		bench + "/internal/measure": {"cmd/internal/terminal"},
		bench + "/internal/scenario": {bench + "/internal/measure", bench + "/internal/world", "cmd/internal/api", "cmd/internal/database", "cmd/internal/httpapi",
			"cmd/internal/jsonimport", "cmd/internal/jsonimport/sample", "cmd/internal/stack", "commands", "domain", "domain/canonjson", "domain/memory", "eventstore", "eventstore/writer", "projections",
			"projections/agentmemories", "projections/fanout", "projections/rebuild", "projections/search", "queries"},
		bench + "/internal/world": {"cmd/internal/database", "cmd/internal/stack", "commands", "deploy/standalone", "domain", "domain/canonjson", "domain/memory", "eventstore", "eventstore/writer", "migrations", "projections",
			"projections/agentmemories", "projections/fanout", "projections/runner", "projections/search", "queries"},

		eval: {"cmd/internal/api", "cmd/internal/config", "cmd/internal/httpclient", "cmd/internal/observe", "cmd/internal/stack", "cmd/internal/terminal",
			"deploy/standalone", "domain", "queries"},

		"cmd/internal/cli": {"cmd/internal/api", "cmd/internal/config", "cmd/internal/database", "cmd/internal/httpclient", "cmd/internal/jsonimport", "cmd/internal/jsonimport/sample", "cmd/internal/health",
			"cmd/internal/stack", "cmd/internal/terminal", "commands", "deploy/standalone", "domain", "domain/canonjson", "domain/lexicon", "domain/memory", "eventstore", "migrations",
			"projections", "projections/agentmemories", "projections/fanout", "projections/rebuild", "projections/search", "queries", "queries/recall/answer"},
		"cmd/internal/health": {"cmd/internal/config", "cmd/internal/database", "domain", "migrations", "projections", "projections/fanout", "projections/rebuild"},
		"cmd/internal/stack": {"cmd/internal/api", "cmd/internal/config", "cmd/internal/database", "cmd/internal/httpapi", "cmd/internal/httpclient", "cmd/internal/observe", "cmd/internal/terminal", "commands",
			"deploy/standalone", "domain", "eventstore", "eventstore/writer", "migrations", "projections", "projections/agentmemories", "projections/fanout", "projections/generation",
			"projections/rebuild", "projections/runner", "projections/search", "queries"},
		"cmd/internal/terminal": {},
		"cmd/auren-thesaurus":   {"cmd/internal/terminal", "domain/encoder", "domain/lexicon"},

		"cmd/examples/durable-subscriber": {},
		"cmd/internal/architecture":       {},
		"cmd/internal/config":             {},
		"cmd/internal/database":           {},
		"cmd/internal/api":                {"cmd/internal/api/decode", "commands", "domain", "domain/canonjson", "domain/memory", "eventstore", "projections", "queries"},
		"cmd/internal/api/decode":         {"domain", "domain/canonjson"},
		"cmd/internal/httpapi":            {"cmd/internal/api", "cmd/internal/api/decode", "commands", "domain", "domain/canonjson", "queries", "queries/filter"},
		"cmd/internal/httpclient":         {"cmd/internal/api", "cmd/internal/api/decode", "cmd/internal/httpapi", "domain", "domain/canonjson", "eventstore"},
		"cmd/internal/jsonimport":         {"commands", "domain", "domain/canonjson", "domain/failpoint", "domain/memory", "queries"},
		"cmd/internal/jsonimport/sample":  {},
		"cmd/internal/observe":            {"domain", "eventstore", "eventstore/writer", "projections"},
		proctest:                          {},

		"commands":                  {"domain", "domain/canonjson", "domain/failpoint", "domain/memory", "eventstore", "eventstore/writer"},
		"deploy/standalone":         {},
		pgtest:                      {"deploy/standalone", "migrations", "projections/agentmemories", "projections/generation", "projections/search"},
		"domain":                    {},
		"domain/canonjson":          {"domain"},
		"domain/encoder":            {},
		"domain/failpoint":          {},
		"domain/lexicon":            {"domain", "domain/canonjson", "domain/lexicon/segment"},
		"domain/lexicon/segment":    {},
		"domain/memory":             {"domain", "domain/canonjson"},
		"domain/posting":            {"domain/lexicon"},
		"domain/vector":             {},
		"embedding":                 {"domain/encoder", "domain/vector"},
		"eventstore":                {"domain", "domain/canonjson", "eventstore/contents"},
		"eventstore/contents":       {"domain", "domain/canonjson"},
		"eventstore/writer":         {"domain", "domain/canonjson", "domain/failpoint", "eventstore", "eventstore/contents"},
		"migrations":                {},
		"projections":               {"domain", "domain/canonjson", "eventstore", "eventstore/writer", "projections/generation"},
		"projections/agentmemories": {"domain", "domain/canonjson", "domain/memory", "eventstore", "projections", "projections/rows"},
		"projections/fanout":        {"domain", "domain/failpoint", "eventstore", "projections"},
		"projections/generation":    {},
		"projections/rebuild":       {"domain", "domain/failpoint", "eventstore", "projections", "projections/generation", "projections/runner"},
		"projections/lease":         {"domain"},
		"projections/rows":          {"domain", "domain/canonjson", "domain/memory", "eventstore", "projections"},
		"projections/runner":        {"domain", "domain/failpoint", "eventstore", "projections", "projections/lease"},
		"projections/search":        {"domain", "domain/canonjson", "domain/lexicon", "domain/memory", "domain/posting", "eventstore", "projections", "projections/generation", "projections/rows"},
		"queries":                   {"domain", "domain/canonjson", "domain/memory", "queries/cursor", "queries/filter", "queries/recall", "queries/recall/answer", "queries/snapshot"},
		"queries/cursor":            {"domain"},
		"queries/filter":            {"domain", "domain/canonjson", "domain/memory"},
		"queries/recall":            {"domain", "domain/canonjson", "domain/lexicon", "domain/memory", "queries/cursor", "queries/filter", "queries/recall/answer", "queries/recall/index", "queries/recall/ranking", "queries/snapshot"},
		"queries/recall/answer":     {"domain", "domain/canonjson", "domain/lexicon", "domain/memory", "domain/posting", "queries/cursor", "queries/filter", "queries/snapshot"},
		"queries/recall/index":      {"domain", "domain/posting", "queries/filter", "queries/snapshot"},
		"queries/recall/ranking":    {"domain/lexicon", "domain/posting", "queries/recall/index"},
		"queries/snapshot":          {"domain", "eventstore", "queries/filter"},
	}
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	allowed := rows()

	var wrong []string
	for _, file := range productFiles(t) {
		from := filepath.ToSlash(filepath.Dir(file))
		if _, ok := allowed[from]; !ok && from != binary {
			wrong = append(wrong, fmt.Sprintf("%s: package %s has no row in the table of imports", file, from))
			continue
		}
		for _, to := range ownImports(t, file) {
			if from == binary && to != pgtest && to != proctest || slices.Contains(allowed[from], to) {
				continue
			}
			wrong = append(wrong, fmt.Sprintf("%s: %s must not import %s", file, from, to))
		}
	}
	require.Empty(t, wrong, strings.Join(wrong, "\n"))
}

// productFiles returns the path below the root of every Go file of this module that is no test.
// The files are read rather than asked for with go list: so those of other platforms count too, and
// the test cache sees when one of them changes.
func productFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || hasModule(path)) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			below, err := filepath.Rel(root, path)
			files = append(files, below)
			return err
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// ownImports returns the packages of this module that a file imports, without the module's path.
func ownImports(t *testing.T, file string) []string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
	require.NoError(t, err)

	var own []string
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		if below, ok := strings.CutPrefix(path, module+"/"); ok {
			own = append(own, below)
		}
	}
	return own
}
