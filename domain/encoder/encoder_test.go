package encoder_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/encoder"
)

func open(t testing.TB, files fstest.MapFS) *encoder.Encoder {
	t.Helper()
	e, err := encoder.Load(files)
	require.NoError(t, err)
	return e
}

// requireNear requires a vector to be the expected one to within a distance in each number.
func requireNear(t *testing.T, want []float64, got []float32, distance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for k := range want {
		require.InDelta(t, want[k], got[k], distance, "number %d", k)
	}
}

// texts are split as BERT's own tokenizer splits them.
var texts = []struct {
	text   string
	tokens string
}{
	{"", ""},
	{" \t\n", ""},
	{"The cat sat on the mat!", "the cat sat on the mat !"},
	{"catsting cats sats", "cats ##ting cats sat ##s"},
	{"dog", "[UNK]"},
	{"cat dog3 mat", "cat [UNK] mat"},
	{"CAFÉ cafe\u0301", "cafe cafe"},
	{"日本の", "日 本 [UNK]"},
	{"e-mail,$3", "e - [UNK] , $ 3"},
	{"email", "e ##mail"},
	{"[SEP]", "[UNK] [UNK] [UNK]"},
	{"ca\x00t\u200b on\x0bthe\xff cat\u2028mat\u00a0cat", "cat [UNK] cat mat cat"},
	{"cat" + strings.Repeat("s", 98) + " cat", "[UNK] cat"},
	{"cat" + strings.Repeat("s", 97), "cats" + strings.Repeat(" ##s", 27)},
	{strings.Repeat("cat ", 100), strings.TrimSpace(strings.Repeat("cat ", 28))},
	{strings.Repeat("cats!", 1000), strings.TrimSpace(strings.Repeat("cats ! ", 14))},
}

func TestVectorsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	m := newModel()
	e := open(t, m.files(t))
	require.Equal(t, hidden, e.Dimensions())
	require.Equal(t, vocabulary, e.Vocabulary())
	require.Len(t, e.Checksum(), 64)

	var all []string
	for _, each := range texts {
		all = append(all, each.text)
	}
	together := e.Encode(all...)
	for i, each := range texts {
		want := m.vector(append(append([]string{"[CLS]"}, strings.Fields(each.tokens)...), "[SEP]")...)
		requireNear(t, want, together[i], 2e-6)
		require.Equal(t, together[i], e.Encode(each.text)[0], "a text's vector does not depend on the others")
	}
	require.Empty(t, e.Encode())
}

func TestWeightsOfHalfPrecisionAreRead(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"F16", "BF16"} {
		m := newModel()
		for name, numbers := range m.numbers {
			m.kinds[name] = kind
			for i, n := range numbers {
				numbers[i] = float64(math.Float32frombits(math.Float32bits(float32(n)) &^ 0xffff))
				if i == 3 {
					numbers[i] = 0x1p-20 // subnormal in half precision
				}
			}
		}
		requireNear(t, m.vector("[CLS]", "the", "cat", "[SEP]"), open(t, m.files(t)).Encode("the cat")[0], 2e-6)
	}
}

func TestAModelMayHaveItsVocabularyInTokenizerJSON(t *testing.T) {
	t.Parallel()
	files := newModel().files(t)
	want := open(t, files).Encode("the cats sat")

	numbers := map[string]int{}
	for i, token := range vocabulary {
		numbers[token] = i
	}
	file, err := json.Marshal(map[string]any{"model": map[string]any{"type": "WordPiece", "vocab": numbers}})
	require.NoError(t, err)
	delete(files, "vocab.txt")
	files["tokenizer.json"] = &fstest.MapFile{Data: file}
	require.Equal(t, want, open(t, files).Encode("the cats sat"))
}

func TestManyEncodeAtOnce(t *testing.T) {
	t.Parallel()
	e := open(t, newModel().files(t))
	want := e.Encode("the cat", "sat on the mat")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if got := e.Encode("the cat", "sat on the mat"); got[0][0] != want[0][0] || got[1][0] != want[1][0] {
					t.Error("another vector than alone")
				}
			}
		})
	}
	group.Wait()
}

func TestFilesThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	replace := func(name, old, new string) func(fstest.MapFS) {
		return func(files fstest.MapFS) {
			files[name] = &fstest.MapFile{Data: bytes.Replace(files[name].Data, []byte(old), []byte(new), 1)}
		}
	}
	write := func(name, data string) func(fstest.MapFS) {
		return func(files fstest.MapFS) { files[name] = &fstest.MapFile{Data: []byte(data)} }
	}
	remove := func(names ...string) func(fstest.MapFS) {
		return func(files fstest.MapFS) {
			for _, name := range names {
				delete(files, name)
			}
		}
	}
	for want, damage := range map[string]func(fstest.MapFS){
		"open config.json":                                           remove("config.json"),
		"config.json: unexpected end":                                write("config.json", `{`),
		`config.json: model_type must be "bert", got "gpt2"`:         replace("config.json", `"bert"`, `"gpt2"`),
		`config.json: hidden_act must be "gelu", got "relu"`:         replace("config.json", `"gelu"`, `"relu"`),
		"config.json: vocab_size must be 1 to 1048576, got -5":       replace("config.json", `"vocab_size": 22`, `"vocab_size": -5`),
		"hidden_size must be a multiple of num_attention_heads":      replace("config.json", `"num_attention_heads": 4`, `"num_attention_heads": 5`),
		"layer_norm_eps must be between 0 and 1":                     replace("config.json", `1e-12`, `0`),
		"max_seq_length must be at least 3, got 2":                   write("sentence_bert_config.json", `{"max_seq_length": 2}`),
		"pooling_mode_mean_tokens must be true":                      write("1_Pooling/config.json", `{"pooling_mode_mean_tokens": false}`),
		"do_lower_case must be true":                                 write("tokenizer_config.json", `{"do_lower_case": false}`),
		"there must be a vocab.txt or a tokenizer.json":              remove("vocab.txt"),
		"vocab.txt: there must be a token [SEP]":                     replace("vocab.txt", "[SEP]", "[END]"),
		"must be below vocab_size, 22, got 22":                       replace("vocab.txt", "[PAD]", "[PAD]\nmore"),
		"model.safetensors: file does not exist":                     remove("model.safetensors"),
		"model.safetensors: length of the header: unexpected EOF":    write("model.safetensors", ""),
		"header must be at most 8388608 bytes long":                  write("model.safetensors", "\xff\xff\xff\xff\xff\xff\xff\xff"),
		"header: unexpected EOF":                                     write("model.safetensors", "\xff\xff\x00\x00\x00\x00\x00\x00{}"),
		"header: invalid character":                                  write("model.safetensors", "\x02\x00\x00\x00\x00\x00\x00\x00xx"),
		`there must be a tensor "embeddings.word_embeddings.weight"`: write("model.safetensors", "\x02\x00\x00\x00\x00\x00\x00\x00{}"),
		"shape must be [22 24], got [24 22]":                         replace("model.safetensors", "[22,24]", "[24,22]"),
		"shape must be [1048576 24], got [22 24]":                    replace("config.json", `"vocab_size": 22`, `"vocab_size": 1048576`),
		"dtype must be F32, F16 or BF16":                             replace("model.safetensors", `"dtype":"F32"`, `"dtype":"I32"`),
		"must not overlap": func(files fstest.MapFS) {
			data := files["model.safetensors"].Data
			next := bytes.Index(data, []byte("[96,192]"))
			require.Positive(t, next)
			copy(data[next:], "[48,144]")
		},
		"must be at most": func(files fstest.MapFS) {
			file := files["model.safetensors"]
			file.Data = file.Data[:len(file.Data)-hidden*4-1] // what nobody reads, and a byte
		},
		"numbers must be finite": func(files fstest.MapFS) {
			data := files["model.safetensors"].Data
			header := binary.LittleEndian.Uint64(data)
			for i := 8 + int(header); i < len(data); i += 4 {
				copy(data[i:], "\xff\xff\xff\xff")
			}
		},
	} {
		files := newModel().files(t)
		damage(files)
		_, err := encoder.Load(files)
		require.ErrorContains(t, err, want)
	}
}

func FuzzAnyFilesAreReadOrRefused(f *testing.F) {
	files := newModel().files(f)
	for i := range 4 {
		f.Add(uint8(i), uint32(8), []byte("x"))
	}
	names := []string{"config.json", "sentence_bert_config.json", "vocab.txt", "model.safetensors"}
	f.Fuzz(func(t *testing.T, file uint8, at uint32, with []byte) {
		damaged := fstest.MapFS{}
		for name, file := range files {
			damaged[name] = &fstest.MapFile{Data: bytes.Clone(file.Data)}
		}
		data := damaged[names[file%4]].Data
		copy(data[int(at)%len(data):], with)
		if e, err := encoder.Load(damaged); err == nil {
			require.Len(t, e.Encode("the cats sat")[0], e.Dimensions())
		}
	})
}

func FuzzAnyTextIsEncoded(f *testing.F) {
	for _, each := range texts {
		f.Add(each.text)
	}
	e := open(f, newModel().files(f))
	f.Fuzz(func(t *testing.T, text string) {
		length := 0.0
		for _, v := range e.Encode(text)[0] {
			length += float64(v) * float64(v)
		}
		require.InDelta(t, 1, length, 1e-5)
	})
}
