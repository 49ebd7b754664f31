package encoder_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/encoder"
)

// testdata/reference.py made the vectors that are expected, and says how.
func requireReference(t *testing.T, e *encoder.Encoder, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var expected []struct {
		Text   string
		Vector []float64
	}
	require.NoError(t, json.Unmarshal(data, &expected))
	require.NotEmpty(t, expected)
	for _, each := range expected {
		requireNear(t, each.Vector, e.Encode(each.Text)[0], 1e-5)
	}
}

func TestVectorsAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	e, err := encoder.Open("testdata/small")
	require.NoError(t, err)
	requireReference(t, e, "testdata/small.json")
}

// The model itself is too large for the repository: where it is at hand, AUREN_EMBED_MODEL names its directory.
func TestVectorsOfMiniLMAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("AUREN_EMBED_MODEL")
	if dir == "" {
		return
	}
	e, err := encoder.Open(dir)
	require.NoError(t, err)
	if e.Checksum() == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db" {
		requireReference(t, e, "testdata/all-minilm-l6-v2.json")
	}
}

func BenchmarkEncode(b *testing.B) {
	dir := os.Getenv("AUREN_EMBED_MODEL")
	if dir == "" {
		b.Skip("AUREN_EMBED_MODEL must name the directory of a model")
	}
	e, err := encoder.Open(dir)
	require.NoError(b, err)
	for name, text := range map[string]string{
		"question of 13 tokens": "what did she say about the trip to the mountains?",
		"text of 35 tokens": "I went to the support group yesterday and it was so powerful: the stories of the others were inspiring, " +
			"and I felt happy and thankful for all of them.",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e.Encode(text)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}
