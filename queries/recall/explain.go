package recall

import "github.com/auren-memory/auren/queries/recall/answer"

// hit is a result as an answer shows it.
func (x *results) hit(s *scored) answer.Hit {
	h := answer.Hit{Memory: s.memory, Score: s.Score, Duplicates: x.duplicates[s.Document]}
	if x.request.Explain {
		h.Explain = x.explanation(s)
	}
	return h
}

// explanation tells what the score is made of.
func (x *results) explanation(h *scored) *answer.Explain {
	document := h.Document
	e := &answer.Explain{Length: x.places[document].Length, AverageLength: x.index.AverageLength(), Memories: x.index.Documents,
		Phrases: h.phrases, Recency: h.recency, Confidence: h.confidence, Importance: h.importance}
	at := x.surrounding(document)
	share := (1 - x.request.Weights.Sum()) / x.total
	for i := range x.words {
		w := &x.words[i]
		c := at.Best(i)
		s := answer.WordScore{Word: w.Text, Documents: w.Documents, IDF: w.IDF, Score: share * w.IDF * c.Value}
		if c.Value > 0 {
			term := c.Term(w)
			s.Term, s.Kind = term.Term, term.Kind.String()
			s.Frequency = x.index.Frequency(term.Term, c.Document)
			if c.Document != document {
				s.Neighbor = &x.places[c.Document].Memory
			}
		}
		e.Words = append(e.Words, s)
	}
	return e
}
