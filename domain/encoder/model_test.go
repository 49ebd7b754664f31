package encoder_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// The sizes of the small model: rows of 24 are multiplied by eights where the processor can, those of 35 one by one.
const (
	hidden, heads, intermediate, layers, positions = 24, 4, 35, 2, 40
	epsilon                                        = 1e-12
)

var vocabulary = strings.Fields("[PAD] [UNK] [CLS] [SEP] the cat cats sat ##s ##ting mat on , ! cafe 日 本 e ##mail - 3 $")

// model is a small model with random weights, by name.
type model struct {
	shapes  map[string][]int
	numbers map[string][]float64
	kinds   map[string]string // of numbers other than F32
}

func newModel() *model {
	m := &model{map[string][]int{}, map[string][]float64{}, map[string]string{}}
	random := rand.New(rand.NewPCG(1, 2))
	add := func(name string, around float64, shape ...int) {
		n := 1
		for _, size := range shape {
			n *= size
		}
		m.shapes[name] = shape
		for range n {
			m.numbers[name] = append(m.numbers[name], float64(float32(around+random.NormFloat64()/2)))
		}
	}
	addLinear := func(name string, out, in int) {
		add(name+".weight", 0, out, in)
		add(name+".bias", 0, out)
	}
	addNorm := func(name string) {
		add(name+".weight", 1, hidden)
		add(name+".bias", 0, hidden)
	}
	add("embeddings.word_embeddings.weight", 0, len(vocabulary), hidden)
	add("embeddings.position_embeddings.weight", 0, positions, hidden)
	add("embeddings.token_type_embeddings.weight", 0, 2, hidden)
	addNorm("embeddings.LayerNorm")
	for i := range layers {
		prefix := fmt.Sprintf("encoder.layer.%d.", i)
		for _, name := range []string{"query", "key", "value"} {
			addLinear(prefix+"attention.self."+name, hidden, hidden)
		}
		addLinear(prefix+"attention.output.dense", hidden, hidden)
		addNorm(prefix + "attention.output.LayerNorm")
		addLinear(prefix+"intermediate.dense", intermediate, hidden)
		addLinear(prefix+"output.dense", hidden, intermediate)
		addNorm(prefix + "output.LayerNorm")
	}
	add("pooler.dense.bias", 0, hidden) // read by nobody
	return m
}

// safetensors returns the file of the weights.
func (m *model) safetensors(t testing.TB) []byte {
	t.Helper()
	header, data := map[string]any{"__metadata__": map[string]string{"format": "pt"}}, []byte(nil)
	for _, name := range slices.Sorted(maps.Keys(m.numbers)) {
		begin, kind := len(data), m.kinds[name]
		for _, n := range m.numbers[name] {
			switch kind {
			case "F16":
				data = binary.LittleEndian.AppendUint16(data, half(n))
			case "BF16":
				data = binary.LittleEndian.AppendUint16(data, uint16(math.Float32bits(float32(n))>>16))
			default:
				kind = "F32"
				data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(n)))
			}
		}
		header[name] = map[string]any{"dtype": kind, "shape": m.shapes[name], "data_offsets": []int{begin, len(data)}}
	}
	text, err := json.Marshal(header)
	require.NoError(t, err)
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), data...)
}

// half returns the bits of a number that has an exact half-precision form.
func half(n float64) uint16 {
	if n == 0 {
		return 0
	}
	fraction, exponent := math.Frexp(math.Abs(n))
	bits := uint16(exponent+14)<<10 | uint16(fraction*2048)&0x3ff
	if exponent < -13 {
		bits = uint16(math.Abs(n) * 0x1p24)
	}
	if n < 0 {
		bits |= 0x8000
	}
	return bits
}

// files returns the model as a file system.
func (m *model) files(t testing.TB) fstest.MapFS {
	t.Helper()
	config := fmt.Sprintf(`{"model_type": "bert", "hidden_act": "gelu", "hidden_size": %d, "num_attention_heads": %d, "intermediate_size": %d,
		"num_hidden_layers": %d, "max_position_embeddings": %d, "type_vocab_size": 2, "vocab_size": %d, "layer_norm_eps": %g}`,
		hidden, heads, intermediate, layers, positions, len(vocabulary), epsilon)
	return fstest.MapFS{
		"config.json":               {Data: []byte(config)},
		"sentence_bert_config.json": {Data: []byte(`{"max_seq_length": 30}`)},
		"vocab.txt":                 {Data: []byte(strings.Join(vocabulary, "\n") + "\n")},
		"model.safetensors":         {Data: m.safetensors(t)},
	}
}

// vector computes in float64, by the definitions, what the Encoder does.
func (m *model) vector(tokens ...string) []float64 {
	state := make([][]float64, len(tokens))
	for i, token := range tokens {
		word := slices.Index(vocabulary, token)
		state[i] = sum(sum(m.row("embeddings.word_embeddings.weight", word), m.row("embeddings.position_embeddings.weight", i)),
			m.row("embeddings.token_type_embeddings.weight", 0))
		state[i] = m.norm("embeddings.LayerNorm", state[i])
	}
	for l := range layers {
		prefix := fmt.Sprintf("encoder.layer.%d.", l)
		attended := m.attention(prefix+"attention.self.", state)
		for i := range state {
			state[i] = m.norm(prefix+"attention.output.LayerNorm", sum(state[i], m.linear(prefix+"attention.output.dense", attended[i])))
			inner := m.linear(prefix+"intermediate.dense", state[i])
			for k, x := range inner {
				inner[k] = x / 2 * (1 + math.Erf(x/math.Sqrt2))
			}
			state[i] = m.norm(prefix+"output.LayerNorm", sum(state[i], m.linear(prefix+"output.dense", inner)))
		}
	}
	vector := make([]float64, hidden)
	for _, row := range state {
		vector = sum(vector, row)
	}
	length := math.Sqrt(product(vector, vector))
	for k := range vector {
		vector[k] /= length
	}
	return vector
}

func (m *model) row(name string, i int) []float64 {
	width := m.shapes[name][1]
	return m.numbers[name][i*width : (i+1)*width]
}

func (m *model) linear(name string, x []float64) []float64 {
	y := make([]float64, m.shapes[name+".weight"][0])
	for i := range y {
		y[i] = product(m.row(name+".weight", i), x) + m.numbers[name+".bias"][i]
	}
	return y
}

func (m *model) norm(name string, x []float64) []float64 {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	y := make([]float64, len(x))
	for k, v := range x {
		y[k] = (v-mean)/math.Sqrt(variance+epsilon)*m.numbers[name+".weight"][k] + m.numbers[name+".bias"][k]
	}
	return y
}

func (m *model) attention(prefix string, state [][]float64) [][]float64 {
	const width = hidden / heads
	attended := make([][]float64, len(state))
	for i := range state {
		query := m.linear(prefix+"query", state[i])
		for head := 0; head < hidden; head += width {
			shares, total := make([]float64, len(state)), 0.0
			for j := range state {
				key := m.linear(prefix+"key", state[j])
				shares[j] = math.Exp(product(query[head:head+width], key[head:head+width]) / math.Sqrt(width))
				total += shares[j]
			}
			values := make([]float64, width)
			for j := range state {
				for k, v := range m.linear(prefix+"value", state[j])[head : head+width] {
					values[k] += v * shares[j] / total
				}
			}
			attended[i] = append(attended[i], values...)
		}
	}
	return attended
}

func sum(x, y []float64) []float64 {
	z := make([]float64, len(x))
	for k := range x {
		z[k] = x[k] + y[k]
	}
	return z
}

func product(x, y []float64) float64 {
	total := 0.0
	for k := range x {
		total += x[k] * y[k]
	}
	return total
}
