package lexicon

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// rules is raised with every change of the code that gives other terms; a test with texts of many kinds notices.
const rules = 1

// checksum is that of the word lists, which takes a tenth of a millisecond: each search asks for the version.
var checksum = sync.OnceValue(func() uint32 {
	lists := fnv.New32a()
	for _, list := range []string{irregularForms, stopWordLists, monthNames} {
		_, _ = io.WriteString(lists, list) // never fails
	}
	return lists.Sum32()
})

// Version names all that decides which terms a text has: the rules, a checksum of the word lists, the versions of Unicode and the
// languages. Indexes of different versions cannot be searched by each other's terms. The thesaurus is no part of it, since only
// queries use it.
func (a *Analyzer) Version() string {
	names := make([]string, len(a.languages))
	for i, l := range a.languages {
		names[i] = l.code
	}
	return fmt.Sprintf("%d %08x unicode %s %s %s", rules, checksum(), unicode.Version, norm.Version, strings.Join(names, ","))
}
