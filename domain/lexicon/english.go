package lexicon

import (
	_ "embed"
	"strings"
	"sync"
)

// english is what the stemmer of English does not know.
type english struct {
	stop         map[string]bool
	irregular    map[string]string // forms and their base form: went, go
	contractions map[string]string // as typed with or without the apostrophe: don't and dont, don't
}

//go:embed irregular.txt
var irregularForms string

var englishData = sync.OnceValue(func() *english {
	e := &english{stop: languages()["english"].stop, irregular: map[string]string{}, contractions: map[string]string{}}
	for line := range strings.Lines(irregularForms) {
		if form, base, ok := strings.Cut(strings.TrimSpace(line), " "); ok && form != "#" {
			e.irregular[form] = base
		}
	}
	for _, contraction := range readLists(stopWordLists)["contractions"] {
		e.contractions[contraction] = contraction
		switch plain := strings.ReplaceAll(contraction, "'", ""); plain {
		case "hell", "id", "ill", "its", "lets", "shed", "shell", "wed", "well", "were": // words of their own
		default:
			e.contractions[plain] = contraction
		}
	}
	return e
})
