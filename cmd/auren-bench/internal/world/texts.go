package world

import (
	"math/rand/v2"
	"strings"

	"github.com/auren-memory/auren/domain/canonjson"
)

// The words that searches look for, and in which memories they stand: of one scope every so-manieth.
const (
	RareWord, rareEvery     = "zirconium", 1000
	MediumWord, mediumEvery = "lighthouse", 50
	CommonWord, commonEvery = "morning", 10 // in three of them
)

// contentBytes is about how long the text of a memory is.
const contentBytes = 1000

// texts writes memories that are like English as far as an index is concerned: two words in five carry no meaning,
// and of the others a few are frequent and most are seldom.
type texts struct {
	rng   *rand.Rand
	zipf  *rand.Zipf
	words []string
}

var (
	fillers   = strings.Fields("the and to of she was in that it her with for had he at is as on but not be this they have from or which by so")
	syllables = strings.Fields("ba ket lo mir san tu ve ron pel dia gor nim sta fen hal cu rit mo zel par")
)

// NewTexts returns one that writes the same texts in every run.
func NewTexts() *texts {
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a sample, not a secret
	t := &texts{rng: rng}
	for _, a := range syllables {
		for _, b := range syllables {
			for _, c := range syllables[:10] {
				t.words = append(t.words, a+b+c)
			}
		}
	}
	rng.Shuffle(len(t.words), func(i, j int) { t.words[i], t.words[j] = t.words[j], t.words[i] })
	t.zipf = rand.NewZipf(rng, 1.1, 4, uint64(len(t.words)-1))
	return t
}

// Content is that of the n-th memory of a scope, as JSON.
func (t *texts) Content(n int) canonjson.Value {
	var out strings.Builder
	for out.Len() < contentBytes {
		if t.rng.IntN(5) < 2 {
			out.WriteString(fillers[t.rng.IntN(len(fillers))])
		} else {
			out.WriteString(t.words[t.zipf.Uint64()])
		}
		out.WriteByte(' ')
	}
	for _, special := range []struct {
		word string
		in   bool
	}{{RareWord, n%rareEvery == 7}, {MediumWord, n%mediumEvery == 7}, {CommonWord, n%commonEvery > 6}} {
		if special.in {
			out.WriteString(special.word + " ")
		}
	}
	return canonjson.NewObject(nil).Text("text", strings.TrimSpace(out.String())).Done()
}
