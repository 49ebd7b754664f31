package jsonimport

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
)

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
	f, err := fieldsOf(source)
	if err != nil || kindOf(f["statement"]) != "a string" {
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

// equalStatements notes a hypothesis whose statement the file also has under other ids. With merge it leaves out those
// that were never tested; a tested one holds information of its own and stays.
func (d *draft) equalStatements() error {
	s := d.in.statements[statementKey(d.fields)]
	if s == nil || len(s.ids) < 2 {
		return nil
	}
	if d.mapper.merge && d.offset != s.best && !rankOf(d.fields).tested() {
		return &mergedError{fmt.Sprintf("the same statement as hypotheses[%d]", s.index)}
	}
	if d.offset != s.first {
		d.note(NoteDuplicateHypothesis, "statement", "the file has the same statement under %d ids", len(s.ids))
	}
	return nil
}
