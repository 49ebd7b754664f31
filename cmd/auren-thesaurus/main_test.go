package main

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain/lexicon"
)

func TestTheFirstFormStandsForItsStem(t *testing.T) {
	t.Parallel()
	words := vocabulary([]string{"[CLS]", "the", "went", "##ing", "go", "cafés", "a", "x", "3d", "running", "run", "running"}, lexicon.Default())
	require.Equal(t, []word{{"go", "went"}, {"run", "running"}}, words)
}

func TestWhatAllVectorsHaveInCommonIsTakenOut(t *testing.T) {
	t.Parallel()
	// Two groups of three words, and three large directions in which each word lies somewhere.
	random := rand.New(rand.NewPCG(3, 4))
	var vectors [][]float32
	for i := range 200 {
		v := make([]float32, 8)
		for k, size := range []float64{90, 60, 40} {
			v[k] = float32(5 + size*random.NormFloat64())
		}
		v[3+i%5] = 3 + 0.01*float32(random.NormFloat64())
		vectors = append(vectors, v)
	}
	takeOut(vectors, components)
	for i, v := range vectors {
		require.InDelta(t, 1, product(v, v), 1e-4)
		for j, w := range vectors {
			if i%5 == j%5 {
				require.Greater(t, product(v, w), float32(0.8), "%d and %d are of one group", i, j)
			} else {
				require.Less(t, product(v, w), float32(0.2), "%d and %d are of two groups", i, j)
			}
		}
	}
}

func TestNeighboursAreTheClosestFew(t *testing.T) {
	t.Parallel()
	var words []word
	var vectors [][]float32
	for degrees, stem := range map[float64]string{0: "zero", 10: "ten", 20: "twenty", -30: "thirty", 40: "forty", 50: "fifty", 90: "ninety"} {
		words = append(words, word{stem: stem})
		vectors = append(vectors, []float32{float32(math.Cos(degrees * math.Pi / 180)), float32(math.Sin(degrees * math.Pi / 180))})
	}
	near := map[string][]string{}
	for i, w := range words {
		for _, n := range neighbours(i, words, vectors) {
			require.Equal(t, lexicon.Synonym, n.Kind)
			near[w.stem] = append(near[w.stem], n.Term)
		}
	}
	require.Equal(t, []string{"ten", "twenty", "thirty", "forty"}, near["zero"])
	require.Equal(t, []string{"fifty", "forty"}, near["ninety"])
}

func TestAModelThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "thesaurus.gz")
	var out, errs bytes.Buffer
	require.Equal(t, terminal.ExitFailed, run(t.Context(), []string{t.TempDir(), "--output", output}, &out, &errs))
	require.Contains(t, errs.String(), "config.json")
	_, err := os.Stat(output)
	require.ErrorIs(t, err, os.ErrNotExist)

	errs.Reset()
	require.Equal(t, terminal.ExitUsage, run(t.Context(), nil, &out, &errs))
	require.Equal(t, terminal.ExitOK, run(t.Context(), []string{"--help"}, &out, &errs))
	require.Contains(t, out.String(), "--any-model")
}

func TestAModelOtherThanTheNamedOneIsRefused(t *testing.T) {
	t.Parallel()
	_, err := named("model", "00ff", false)
	require.ErrorContains(t, err, "SHA-256 of model/model.safetensors must be that of "+modelName+", "+modelChecksum+", got 00ff")
	name, err := named("model", "00ff", true)
	require.NoError(t, err)
	require.Equal(t, "another model than "+modelName+", SHA-256 00ff", name)
	name, err = named("model", modelChecksum, false)
	require.NoError(t, err)
	require.Equal(t, modelName+", SHA-256 "+modelChecksum, name)
}

func TestAnInterruptEndsTheComparison(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := likeness(ctx, []word{{"a", "a"}}, [][]float32{{1}}, terminal.NewProgress(terminal.New(&bytes.Buffer{})))
	require.ErrorIs(t, err, context.Canceled)
}
