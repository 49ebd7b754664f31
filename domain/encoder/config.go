package encoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// config is what config.json and its companions say of a model.
type config struct {
	Type         string  `json:"model_type"`
	Activation   string  `json:"hidden_act"`
	Positions    string  `json:"position_embedding_type"`
	Hidden       int     `json:"hidden_size"`
	Intermediate int     `json:"intermediate_size"`
	Layers       int     `json:"num_hidden_layers"`
	Heads        int     `json:"num_attention_heads"`
	Tokens       int     `json:"max_position_embeddings"` // that a text may have; positions in the weights
	Types        int     `json:"type_vocab_size"`
	Vocabulary   int     `json:"vocab_size"`
	Epsilon      float64 `json:"layer_norm_eps"`

	positions int // rows of position embeddings; Tokens may be less
}

// maxJSON bounds the files beside the weights, in bytes.
const maxJSON = 64 << 20

func readConfig(files fs.FS) (config, error) {
	c := config{Positions: "absolute", Activation: "gelu", Epsilon: 1e-12, Types: 2}
	if err := readJSON(files, "config.json", &c); err != nil {
		return config{}, err
	}
	if err := c.check(); err != nil {
		return config{}, fmt.Errorf("config.json: %w", err)
	}
	c.positions = c.Tokens

	var sentence struct {
		Length *int `json:"max_seq_length"`
	}
	if err := readJSON(files, "sentence_bert_config.json", &sentence); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return config{}, err
	}
	if l := sentence.Length; l != nil {
		if *l < minTokens {
			return config{}, fmt.Errorf("sentence_bert_config.json: max_seq_length must be at least %d, got %d", minTokens, *l)
		}
		c.Tokens = min(c.Tokens, *l)
	}

	pooling := struct {
		Mean bool `json:"pooling_mode_mean_tokens"`
	}{true}
	if err := readJSON(files, "1_Pooling/config.json", &pooling); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return config{}, err
	}
	if !pooling.Mean {
		return config{}, errors.New("1_Pooling/config.json: pooling_mode_mean_tokens must be true")
	}
	return c, nil
}

// minTokens is the shortest text that can say anything: [CLS], a token, [SEP].
const minTokens = 3

func (c config) check() error {
	for _, field := range []struct {
		name      string
		got, want string
	}{
		{"model_type", c.Type, "bert"},
		{"hidden_act", c.Activation, "gelu"},
		{"position_embedding_type", c.Positions, "absolute"},
	} {
		if field.got != field.want {
			return fmt.Errorf("%s must be %q, got %.40q", field.name, field.want, field.got)
		}
	}
	for _, field := range []struct {
		name             string
		got, least, most int
	}{
		{"hidden_size", c.Hidden, 1, 8192},
		{"intermediate_size", c.Intermediate, 1, 32768},
		{"num_hidden_layers", c.Layers, 1, 128},
		{"num_attention_heads", c.Heads, 1, 128},
		{"max_position_embeddings", c.Tokens, minTokens, 4096},
		{"type_vocab_size", c.Types, 1, 16},
		{"vocab_size", c.Vocabulary, 1, 1 << 20},
	} {
		if field.got < field.least || field.got > field.most {
			return fmt.Errorf("%s must be %d to %d, got %d", field.name, field.least, field.most, field.got)
		}
	}
	if c.Hidden%c.Heads != 0 {
		return fmt.Errorf("hidden_size must be a multiple of num_attention_heads, got %d and %d", c.Hidden, c.Heads)
	}
	if !(c.Epsilon > 0 && c.Epsilon < 1) {
		return fmt.Errorf("layer_norm_eps must be between 0 and 1, got %g", c.Epsilon)
	}
	return nil
}

// readJSON reads a file into a value; fs.ErrNotExist where there is none.
func readJSON(files fs.FS, name string, into any) error {
	data, err := readFile(files, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readFile reads a file whole, or refuses one that is too long.
func readFile(files fs.FS, name string) ([]byte, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxJSON+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxJSON {
		return nil, fmt.Errorf("%s must be at most %d bytes long", name, maxJSON)
	}
	return data, nil
}
