package lexicon_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/lexicon"
)

func TestSynonyms(t *testing.T) {
	t.Parallel()
	a := lexicon.Default()
	synonyms := a.Synonyms(a.Query("doctor")[0].Terms[0].Term)
	require.NotEmpty(t, synonyms)
	last := 1.0
	for _, s := range synonyms {
		require.Equal(t, lexicon.Synonym, s.Kind)
		require.True(t, s.Weight >= 0.45 && s.Weight <= last, "%v", synonyms)
		last = s.Weight
	}
	for _, none := range []string{"", "xylotomously", "10km", "doctors of", "\xff"} {
		require.Empty(t, a.Synonyms(none), none)
	}
	german, err := lexicon.New("german")
	require.NoError(t, err)
	require.Empty(t, german.Synonyms("doctor"))
}

func TestTheThesaurusNamesItsModelAndIsInOrder(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("thesaurus.gz")
	require.NoError(t, err)
	file, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	require.Regexp(t, `all-MiniLM-L6-v2, SHA-256 [0-9a-f]{64}$`, file.Comment)
	text, err := io.ReadAll(file)
	require.NoError(t, err)
	before := ""
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		require.Greater(t, fields[0], before)
		before = fields[0]
		require.True(t, len(fields) >= 3 && len(fields) <= 1+2*lexicon.MaxSynonyms && len(fields)%2 == 1, line)
		for i := 2; i < len(fields); i += 2 {
			percent, err := strconv.Atoi(fields[i])
			require.NoError(t, err)
			require.True(t, percent >= 45 && percent <= 100, line)
		}
	}
	require.Greater(t, strings.Count(string(text), "\n"), 10000)
}

func TestTheSameEntriesMakeTheSameFile(t *testing.T) {
	t.Parallel()
	entries := []lexicon.Entry{
		{Term: "car", Neighbours: []lexicon.Alternative{{Term: "vehicl", Weight: 0.814}, {Term: "automobil", Weight: 0.805}}},
		{Term: "cat", Neighbours: []lexicon.Alternative{{Term: "kitti", Weight: 0.45}}},
	}
	var one, other bytes.Buffer
	require.NoError(t, lexicon.WriteThesaurus(&one, "model", entries))
	slices.Reverse(entries)
	require.NoError(t, lexicon.WriteThesaurus(&other, "model", entries))
	require.Equal(t, one.Bytes(), other.Bytes())

	file, err := gzip.NewReader(&one)
	require.NoError(t, err)
	require.Equal(t, "model", file.Comment)
	text, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, "car vehicl 81 automobil 81\ncat kitti 45\n", string(text))
}
