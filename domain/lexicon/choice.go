package lexicon

import (
	"strings"
	"sync"
)

// Choice makes an Analyzer for each set of languages that its user meets, once, and remembers which of them each index had last.
// It is safe for concurrent use; its zero value works.
type Choice struct {
	mu   sync.Mutex
	made map[string]*Analyzer // by languages
	last map[string]*Analyzer // by index
}

// Last returns the Analyzer that Of returned last for an index; before that the one for English.
func (c *Choice) Last(index string) *Analyzer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.last[index]; a != nil {
		return a
	}
	a, err := c.of("")
	if err != nil {
		panic("lexicon: " + err.Error()) // English is known
	}
	return a
}

// Of returns the Analyzer for languages, separated by commas, in which the texts of an index are analyzed; "" is English.
func (c *Choice) Of(index, languages string) (*Analyzer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, err := c.of(languages)
	switch {
	case err != nil:
		return nil, err
	case languages == "":
		delete(c.last, index)
	default:
		c.last[index] = a
	}
	return a, nil
}

func (c *Choice) of(languages string) (*Analyzer, error) {
	if a := c.made[languages]; a != nil {
		return a, nil
	}
	var names []string
	if languages != "" {
		names = strings.Split(languages, ",")
	}
	a, err := New(names...)
	if err != nil {
		return nil, err
	}
	if c.made == nil {
		c.made, c.last = map[string]*Analyzer{}, map[string]*Analyzer{}
	}
	c.made[languages] = a
	return a, nil
}
