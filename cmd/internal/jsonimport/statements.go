package jsonimport

import (
	"cmp"
	"crypto/sha256"
	"strconv"
	"strings"
)

// statements are the hypotheses of a file by statement. Each start of the old program added its first hypotheses again,
// under new ids.
type statements map[string]*statement

// statement is shared by several hypotheses. One of them represents all: the one tested most often, then the one tested
// last, then the one with the most evidence, then the first.
type statement struct {
	ids   map[string]bool
	first int64
	best  int64
	index int
	rank  rank
}

// rank is how well a hypothesis was tested.
type rank struct {
	tests    int
	last     string
	evidence int
}

func (r rank) above(other rank) bool {
	return cmp.Or(cmp.Compare(r.tests, other.tests), cmp.Compare(r.last, other.last), cmp.Compare(r.evidence, other.evidence)) > 0
}

func (r rank) tested() bool { return r != rank{} }

// add records a hypothesis; the mapper reports one that cannot be read.
func (s statements) add(index int, at span) {
	source, _, err := canonical(at.raw)
	if err != nil {
		return
	}
	f := fieldsOf(source)
	if kindOf(f["statement"]) != "a string" {
		return
	}
	key, r := statementKey(f), rankOf(f)
	if known := s[key]; known != nil {
		known.ids[string(f[fieldID])] = true
		if r.above(known.rank) {
			known.best, known.index, known.rank = at.offset, index, r
		}
		return
	}
	s[key] = &statement{ids: map[string]bool{string(f[fieldID]): true}, first: at.offset, best: at.offset, index: index, rank: r}
}

func statementKey(f fields) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(textOf(f["statement"])), " ")))
	return string(sum[:])
}

func rankOf(f fields) rank {
	var r rank
	r.tests, _ = strconv.Atoi(string(f["test_count"]))
	if f.given("last_tested") {
		r.last = textOf(f["last_tested"])
	}
	for _, key := range []string{"evidence_for", "evidence_against"} {
		if raw := string(f[key]); raw != "" && raw != "null" && raw != "[]" {
			r.evidence += len(raw)
		}
	}
	return r
}
