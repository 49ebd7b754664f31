package posting

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/lexicon"
)

// document encodes terms as lexicon gives them.
func document(terms []lexicon.Term) Document {
	for i := range terms {
		terms[i].Hash = lexicon.Hash(terms[i].Text)
	}
	slices.SortFunc(terms, func(a, b lexicon.Term) int { return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Text, b.Text)) })
	return NewDocument(terms)
}

func TestADocumentKeepsItsTerms(t *testing.T) {
	terms := []lexicon.Term{{Text: "tea", Content: 2}, {Text: "ä", Other: 3}, {Text: "", Content: 1}, {Text: "much", Content: 1000, Other: 99}}
	d := document(terms)
	found := map[string]Counts{}
	last := uint32(0)
	require.NoError(t, d.Each(func(hash uint32, text []byte, counts Counts) {
		require.Equal(t, lexicon.Hash(text), hash)
		require.GreaterOrEqual(t, hash, last)
		last = hash
		found[string(text)] = counts
	}))
	require.Equal(t, map[string]Counts{"tea": NewCounts(2, 0), "ä": NewCounts(0, 3), "": NewCounts(1, 0), "much": NewCounts(15, 15)}, found)

	sought := Seek([]string{"tea", "coffee", "much", "ä"})
	var names []string
	require.NoError(t, d.Find(sought, func(i int, counts Counts) {
		require.Equal(t, found[sought[i].Text], counts)
		names = append(names, sought[i].Text)
	}))
	require.ElementsMatch(t, []string{"tea", "much", "ä"}, names)
}

// These two share their hash.
func TestFindTellsTermsWithTheSameHashApart(t *testing.T) {
	a, b := collision()
	require.Equal(t, lexicon.Hash(a), lexicon.Hash(b))
	for _, terms := range [][]lexicon.Term{{{Text: a, Content: 1}, {Text: b, Content: 2}}, {{Text: b, Content: 2}}, {{Text: a, Content: 1}}} {
		sought := Seek([]string{a, b})
		found := map[string]int{}
		require.NoError(t, document(terms).Find(sought, func(i int, counts Counts) { found[sought[i].Text] = counts.Content() }))
		want := map[string]int{}
		for _, term := range terms {
			want[term.Text] = term.Content
		}
		require.Equal(t, want, found)
	}
}

func collision() (string, string) {
	seen := map[uint32]string{}
	for i := 0; ; i++ {
		text := fmt.Sprint("term", i)
		if other, ok := seen[lexicon.Hash(text)]; ok {
			return other, text
		}
		seen[lexicon.Hash(text)] = text
	}
}

// corpus makes documents from words of which few are common and most are rare.
func corpus(n, first int) []Numbered {
	random := rand.New(rand.NewPCG(1, uint64(first)))
	all := make([]Numbered, n)
	for i := range all {
		terms := map[string]lexicon.Term{}
		for range 1 + random.IntN(20) {
			word := fmt.Sprint("w", int(random.ExpFloat64()*30))
			t := terms[word]
			terms[word] = lexicon.Term{Text: word, Content: t.Content + 1, Other: i % 2}
		}
		all[i] = Numbered{Doc: first + i, Length: random.IntN(1000), Terms: document(slices.Collect(maps.Values(terms)))}
	}
	return all
}

func segment(t *testing.T, first int, documents []Numbered) *Segment {
	t.Helper()
	s := NewSegment(first)
	for _, d := range documents {
		require.NoError(t, s.AddDocument(d))
	}
	return s
}

// list reads a term from all its buckets.
func listOf(t *testing.T, term string, n, first int, buckets []Bucket) List {
	t.Helper()
	var l List
	for _, b := range buckets {
		if b.Number == BucketNumber(term, n) {
			require.NoError(t, l.Read(b.Data, term, first))
		}
	}
	return l
}

func TestASegmentHoldsThePostingsOfItsDocuments(t *testing.T) {
	documents := corpus(300, 512)
	s := segment(t, 512, documents)
	buckets := s.Buckets(16)
	dictionary, ends := map[string]int{}, map[string]int{}
	for _, b := range s.Terms(8) {
		require.NoError(t, ReadTerms(b.Data, func(text []byte, n int) {
			term := string(text)
			if beginning, _ := BeginningNumber(term, 8); beginning == b.Number {
				dictionary[term] = n
			} else {
				require.Equal(t, EndNumber(term, 8), b.Number)
				ends[term] = n
			}
		}))
	}
	require.Equal(t, dictionary, ends)
	for term, n := range dictionary {
		var want List
		for _, d := range documents {
			require.NoError(t, d.Terms.Find(Seek([]string{term}), func(_ int, counts Counts) { want.Add(d.Doc, d.Length, counts) }))
		}
		require.Len(t, want.Docs, n)
		require.Equal(t, want, listOf(t, term, 16, 512, buckets))
	}
	require.Empty(t, listOf(t, "nowhere", 16, 512, buckets).Docs)
}

func TestMergedSegmentsEqualOneThatWasMadeAtOnce(t *testing.T) {
	documents := corpus(400, 0)
	merged := NewSegment(0)
	for first := 0; first < len(documents); first += 100 {
		for _, b := range segment(t, first, documents[first:first+100]).Buckets(8) {
			require.NoError(t, merged.AddBucket(b.Data, first))
		}
	}
	whole := segment(t, 0, documents)
	require.Equal(t, whole.Buckets(64), merged.Buckets(64))
	require.Equal(t, whole.Terms(16), merged.Terms(16))
}

func TestEndsAndBeginsAreReadAsTheyWereAdded(t *testing.T) {
	want := []End{{512, 7, 3}, {1023, 1 << 40, 0}, {512, 9, 70000}}
	var data, begins []byte
	for _, e := range want {
		data = AppendEnd(data, e, 512)
	}
	ends, err := ReadEnds(nil, data, 512)
	require.NoError(t, err)
	require.Equal(t, want, ends)

	last := int64(0)
	for _, b := range []Begin{{5, 10}, {5, 20}, {1 << 40, 30}} {
		begins = AppendBegin(begins, b, last)
		last = b.SequenceID
	}
	for until, n := range map[int64]int{4: 0, 5: 2, 6: 2, 1 << 40: 3} {
		documents, length, err := ReadBegins(begins, until)
		require.NoError(t, err)
		require.Equal(t, n, documents)
		require.Equal(t, []int64{0, 10, 30, 60}[n], length)
	}
}

// Whatever the bytes are, a reader returns or says that they are corrupt.
func FuzzReaders(f *testing.F) {
	s := NewSegment(0)
	for _, d := range corpus(20, 0) {
		_ = s.AddDocument(d)
		f.Add([]byte(d.Terms))
	}
	f.Add(s.Buckets(1)[0].Data)
	f.Add(s.Terms(1)[0].Data)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, err := range []error{
			Document(data).Each(func(uint32, []byte, Counts) {}),
			Document(data).Find(Seek([]string{"tea", "w1"}), func(int, Counts) {}),
			NewSegment(0).AddBucket(data, 0),
			new(List).Read(data, "w1", 0),
			ReadTerms(data, func([]byte, int) {}),
			func() error { _, err := ReadEnds(nil, data, 0); return err }(),
			func() error { _, _, err := ReadBegins(data, 1<<62); return err }(),
		} {
			if err != nil {
				require.ErrorIs(t, err, ErrCorrupt)
			}
		}
	})
}

func BenchmarkSegment(b *testing.B) {
	documents := corpus(8192, 0)
	s := NewSegment(0)
	for _, d := range documents {
		_ = s.AddDocument(d)
	}
	buckets := s.Buckets(512)
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			s := NewSegment(0)
			for _, d := range documents {
				_ = s.AddDocument(d)
			}
			s.Buckets(512)
		}
	})
	b.Run("read a common term", func(b *testing.B) {
		var l List
		for b.Loop() {
			l = List{l.Docs[:0], l.Counts[:0], l.Lengths[:0]}
			for _, bucket := range buckets {
				if bucket.Number == BucketNumber("w3", 512) {
					_ = l.Read(bucket.Data, "w3", 0)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(l.Docs)), "ns/posting")
	})
	b.Run("find in the tail", func(b *testing.B) {
		sought := Seek([]string{"w1", "w5", "w20", "w70", "nowhere"})
		for b.Loop() {
			for _, d := range documents[:512] {
				_ = d.Terms.Find(sought, func(int, Counts) {})
			}
		}
	})
}
