package encoder

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxWord is the length in characters beyond which a word is unknown, as in BERT.
const maxWord = 100

// tokenizer is WordPiece as of the uncased BERT models. Unlike some tokenizers it takes "[SEP]" and its like in a text for what
// they are there: text.
type tokenizer struct {
	words, parts           map[string]int32 // tokens that begin a word, and those that go on with one, without their "##"
	unknown, begin, finish int32
	longest                int // token, in bytes
}

// readTokenizer reads a vocabulary whose numbers are below a limit.
func readTokenizer(files fs.FS, limit int) (*tokenizer, error) {
	settings := struct {
		Lower *bool `json:"do_lower_case"`
	}{}
	if err := readJSON(files, "tokenizer_config.json", &settings); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if settings.Lower != nil && !*settings.Lower {
		return nil, errors.New("tokenizer_config.json: do_lower_case must be true")
	}
	name := "vocab.txt"
	numbers, err := readVocabulary(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		name = "tokenizer.json"
		if numbers, err = readTokenizerJSON(files, name); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there must be a vocab.txt or a tokenizer.json: %w", err)
		}
	}
	if err != nil {
		return nil, err
	}
	t, err := newTokenizer(numbers, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// readVocabulary reads a token a line.
func readVocabulary(files fs.FS, name string) (map[string]int, error) {
	data, err := readFile(files, name)
	if err != nil {
		return nil, err
	}
	numbers, number := map[string]int{}, 0
	for line := range strings.Lines(string(data)) {
		numbers[strings.TrimRight(line, "\r\n")] = number
		number++
	}
	return numbers, nil
}

func readTokenizerJSON(files fs.FS, name string) (map[string]int, error) {
	var file struct {
		Model struct {
			Type       string         `json:"type"`
			Vocabulary map[string]int `json:"vocab"`
		} `json:"model"`
	}
	if err := readJSON(files, name, &file); err != nil {
		return nil, err
	}
	if file.Model.Type != "WordPiece" {
		return nil, fmt.Errorf(`%s: model.type must be "WordPiece", got %.40q`, name, file.Model.Type)
	}
	return file.Model.Vocabulary, nil
}

func newTokenizer(numbers map[string]int, limit int) (*tokenizer, error) {
	t := &tokenizer{words: map[string]int32{}, parts: map[string]int32{}}
	for token, number := range numbers {
		if number < 0 || number >= limit {
			return nil, fmt.Errorf("number of token %.80q must be below vocab_size, %d, got %d", token, limit, number)
		}
		if part, ok := strings.CutPrefix(token, "##"); ok && part != "" {
			t.parts[part] = int32(number)
		} else {
			t.words[token] = int32(number)
		}
		t.longest = max(t.longest, len(token))
	}
	for _, special := range []struct {
		token string
		into  *int32
	}{{"[UNK]", &t.unknown}, {"[CLS]", &t.begin}, {"[SEP]", &t.finish}} {
		number, ok := t.words[special.token]
		if !ok {
			return nil, fmt.Errorf("there must be a token %s", special.token)
		}
		*special.into = number
	}
	return t, nil
}

// tokens returns the tokens by their number.
func (t *tokenizer) tokens() []string {
	var most int32
	for _, tokens := range []map[string]int32{t.words, t.parts} {
		for _, number := range tokens {
			most = max(most, number)
		}
	}
	list := make([]string, most+1)
	for token, number := range t.words {
		list[number] = token
	}
	for part, number := range t.parts {
		list[number] = "##" + part
	}
	return list
}

// encode returns the numbers of a text's tokens between those of [CLS] and [SEP], at most limit in all.
func (t *tokenizer) encode(text string, limit int) []int32 {
	tokens := []int32{t.begin}
	for field := range strings.FieldsFuncSeq(text, isSpace) {
		for _, word := range wordsOf(field) {
			tokens = t.addWord(tokens, word)
			if len(tokens) >= limit {
				return append(tokens[:limit-1], t.finish)
			}
		}
	}
	return append(tokens, t.finish)
}

// isSpace tells what separates words. Other control characters, such as a form feed, vanish.
func isSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r > 0x7f && unicode.Is(unicode.Z, r)
}

// wordsOf normalizes text without space (lower case, no accents, no control characters) and splits it before and after each
// punctuation mark and each Chinese character.
func wordsOf(field string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	if !isASCII(field) {
		field = norm.NFD.String(field)
	}
	for _, r := range field {
		switch {
		case isControl(r) || r > 0x7f && unicode.Is(unicode.Mn, r):
		case isPunctuation(r) || isChinese(r):
			end()
			words = append(words, string(unicode.ToLower(r)))
		default:
			word.WriteRune(unicode.ToLower(r))
		}
	}
	end()
	return words
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isControl(r rune) bool {
	if r <= 0x7f {
		return r < ' ' || r == 0x7f
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

// isPunctuation counts every mark of ASCII as punctuation, $ and ^ too.
func isPunctuation(r rune) bool {
	if r <= 0x7f {
		return r > ' ' && r < 0x7f && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	return unicode.IsPunct(r)
}

// isChinese tells the blocks of characters that BERT takes one by one; Kana and Hangul are not among them.
func isChinese(r rune) bool {
	return r >= 0x3400 && (r <= 0x4dbf || r >= 0x4e00 && r <= 0x9fff || r >= 0xf900 && r <= 0xfaff ||
		r >= 0x20000 && r <= 0x2a6df || r >= 0x2a700 && r <= 0x2ceaf || r >= 0x2f800 && r <= 0x2fa1f)
}

// addWord adds the longest tokens that the word consists of, or [UNK] where there are none.
func (t *tokenizer) addWord(tokens []int32, word string) []int32 {
	if len(word) > maxWord && utf8.RuneCountInString(word) > maxWord {
		return append(tokens, t.unknown)
	}
	known, before := t.words, len(tokens)
	for len(word) > 0 {
		end := min(len(word), t.longest)
		for ; end > 0; end-- {
			if number, ok := known[word[:end]]; ok {
				tokens = append(tokens, number)
				break
			}
		}
		if end == 0 {
			return append(tokens[:before], t.unknown)
		}
		word, known = word[end:], t.parts
	}
	return tokens
}
