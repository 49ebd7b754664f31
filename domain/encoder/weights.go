package encoder

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
)

const weightsFile = "model.safetensors"

// weights are a model's matrices, each by rows: one row for each output.
type weights struct {
	words, positions, types []float32
	norm                    layerNorm
	layers                  []layer
}

type layer struct {
	// queriesKeysValues are three matrices, one below the other: one multiplication makes all three.
	queriesKeysValues, attended linear
	attendedNorm                layerNorm
	inner, outer                linear
	outerNorm                   layerNorm
}

type linear struct{ weight, bias []float32 }

type layerNorm struct{ weight, bias []float32 }

// readWeights reads the weights of a model and returns them with the SHA-256 of their file.
func readWeights(files fs.FS, c config) (*weights, string, error) {
	file, err := files.Open(weightsFile)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		return nil, "", err
	}
	hash := sha256.New()
	counted := &counter{Reader: io.TeeReader(file, hash)}
	tensors, err := readHeader(counted)
	if err != nil {
		return nil, "", err
	}

	wanted := layout(c)
	if err := place(wanted, tensors, uint64(max(0, stat.Size()-counted.n))); err != nil {
		return nil, "", err
	}
	// The order in the file is any; in memory it is that of layout, so that slices of it can hold several.
	numbers, byName := 0, make(map[string]*want, len(wanted))
	for i := range wanted {
		numbers += wanted[i].numbers()
		byName[wanted[i].name] = &wanted[i]
	}
	all := make([]float32, numbers)
	w := all
	for _, next := range layout(c) {
		byName[next.name].into, w = w[:next.numbers()], w[next.numbers():]
	}
	if err := readTensors(counted, wanted); err != nil {
		return nil, "", err
	}
	return arrange(all, c), hex.EncodeToString(hash.Sum(nil)), nil
}

// counter counts the bytes that were read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// layout lists the tensors of a model in the order of arrange.
func layout(c config) []want {
	hidden, intermediate := int64(c.Hidden), int64(c.Intermediate)
	var wanted []want
	add := func(name string, shape ...int64) { wanted = append(wanted, want{name: name, shape: shape}) }
	addNorm := func(name string) {
		add(name+".weight", hidden)
		add(name+".bias", hidden)
	}
	add("embeddings.word_embeddings.weight", int64(c.Vocabulary), hidden)
	add("embeddings.position_embeddings.weight", int64(c.positions), hidden)
	add("embeddings.token_type_embeddings.weight", int64(c.Types), hidden)
	addNorm("embeddings.LayerNorm")
	for i := range c.Layers {
		prefix := fmt.Sprintf("encoder.layer.%d.", i)
		for _, name := range []string{"query", "key", "value"} {
			add(prefix+"attention.self."+name+".weight", hidden, hidden)
		}
		for _, name := range []string{"query", "key", "value"} {
			add(prefix+"attention.self."+name+".bias", hidden)
		}
		add(prefix+"attention.output.dense.weight", hidden, hidden)
		add(prefix+"attention.output.dense.bias", hidden)
		addNorm(prefix + "attention.output.LayerNorm")
		add(prefix+"intermediate.dense.weight", intermediate, hidden)
		add(prefix+"intermediate.dense.bias", intermediate)
		add(prefix+"output.dense.weight", hidden, intermediate)
		add(prefix+"output.dense.bias", hidden)
		addNorm(prefix + "output.LayerNorm")
	}
	return wanted
}

// arrange cuts the numbers of all tensors, in the order of layout, into matrices.
func arrange(all []float32, c config) *weights {
	take := func(n int) []float32 {
		taken := all[:n:n]
		all = all[n:]
		return taken
	}
	takeLinear := func(out, in int) linear { return linear{take(out * in), take(out)} }
	takeNorm := func() layerNorm { return layerNorm{take(c.Hidden), take(c.Hidden)} }

	w := &weights{words: take(c.Vocabulary * c.Hidden), positions: take(c.positions * c.Hidden), types: take(c.Types * c.Hidden)}
	w.norm = takeNorm()
	for range c.Layers {
		w.layers = append(w.layers, layer{
			queriesKeysValues: takeLinear(3*c.Hidden, c.Hidden),
			attended:          takeLinear(c.Hidden, c.Hidden),
			attendedNorm:      takeNorm(),
			inner:             takeLinear(c.Intermediate, c.Hidden),
			outer:             takeLinear(c.Hidden, c.Intermediate),
			outerNorm:         takeNorm(),
		})
	}
	return w
}
