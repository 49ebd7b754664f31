package lexicon

// token is the analysis of a token.
type token struct {
	words []word
	// terms are those of a document, one for each occurrence.
	terms []lexeme
	// length is how many words are stop words in no language.
	length int
	// digits tells whether the token holds any.
	digits bool
}

// lexeme is a term with its Hash.
type lexeme struct {
	hash uint32
	text string
}

// Hash returns a hash of a term, the same for a variant: FNV-1a, whose bits are mixed further as in MurmurHash3, since indexes
// are cut by the first ones.
func Hash[T string | []byte](term T) uint32 {
	h := uint32(2166136261)
	for i := range len(term) {
		if i == 0 && term[0] == Variant[0] {
			continue
		}
		h = (h ^ uint32(term[i])) * 16777619
	}
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func (t *token) addWord(w word) {
	t.words = append(t.words, w)
	if w.stop == 0 {
		t.length++
	}
	t.addTerms(w.terms)
}

func (t *token) addTerms(terms []string) {
	for _, term := range terms {
		t.terms = append(t.terms, lexeme{Hash(term), term})
	}
}
