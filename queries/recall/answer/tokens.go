package answer

import (
	"encoding/json"
	"unicode"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/canonjson"
)

// Tokens estimates how many tokens of a language model a content takes: a string as it is, other JSON as it is written, without
// white space. A character of a script without spaces between words, or a symbol such as an emoji, is one; of anything else, 4
// bytes of UTF-8 are one.
func Tokens(content json.RawMessage) int {
	value, err := canonjson.Parse(content)
	if err != nil { // never: it was stored
		return bytesOf(len(content))
	}
	text, ok := value.Text()
	if !ok {
		text = value.String()
	}
	characters, bytes := 0, 0
	for _, r := range text {
		if r >= utf8.RuneSelf && (unicode.In(r, withoutSpaces...) || unicode.Is(unicode.So, r)) {
			characters++
		} else {
			bytes += utf8.RuneLen(r)
		}
	}
	return characters + bytesOf(bytes)
}

func bytesOf(n int) int { return (n + 3) / 4 }

var withoutSpaces = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Yi, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}
