package lexicon

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

const (
	// cached is how many tokens an Analyzer remembers at most, and longestCached their length: a few MiB in all.
	cached, longestCached = 1 << 15, 40
)

// cache remembers the analyses of tokens: most tokens of a text are among some thousands. Each token has two places; a new one
// takes the first and moves what was there to the second, so that neither looking up nor remembering waits.
type cache struct {
	places [cached / 2][2]atomic.Pointer[entry]
}

type entry struct {
	text string
	token
}

var seed = maphash.MakeSeed()

// token returns the analysis of a text, made by analyze where it is not known.
func (c *cache) token(text string, analyze func(string) token) *token {
	if len(text) > longestCached {
		t := analyze(text)
		return &t
	}
	places := &c.places[maphash.String(seed, text)%(cached/2)]
	first := places[0].Load()
	if first != nil && first.text == text {
		return &first.token
	}
	if second := places[1].Load(); second != nil && second.text == text {
		return &second.token
	}
	text = strings.Clone(text) // it is a slice of a text, which it would keep in memory
	e := &entry{text, analyze(text)}
	places[1].Store(first)
	places[0].Store(e)
	return &e.token
}
