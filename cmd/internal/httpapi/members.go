package httpapi

import (
	"encoding/json"
	"iter"
)

// The functions of this file read canonical JSON, which holds no white space and no error.

// membersOf goes through the members of an object.
func membersOf(raw []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for at := 1; raw[at] != '}'; {
			if raw[at] == ',' {
				at++
			}
			key := at
			at = endOf(raw, at)
			value := at + 1
			at = endOf(raw, value)
			if !yield(textOf(raw[key:value-1]), raw[value:at:at]) {
				return
			}
		}
	}
}

// itemsOf goes through the items of a list.
func itemsOf(raw []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		i := 0
		for at := 1; raw[at] != ']'; i++ {
			if raw[at] == ',' {
				at++
			}
			value := at
			at = endOf(raw, at)
			if !yield(i, raw[value:at:at]) {
				return
			}
		}
	}
}

// endOf returns where the value that starts at a position ends.
func endOf(raw []byte, at int) int {
	depth := 0
	for {
		switch raw[at] {
		case '"':
			at = endOfText(raw, at)
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		case ',', ':':
			at++
			continue
		default:
			for at < len(raw) && raw[at] != ',' && raw[at] != '}' && raw[at] != ']' {
				at++
			}
		}
		if depth == 0 {
			return at
		}
	}
}

func endOfText(raw []byte, at int) int {
	for at++; raw[at] != '"'; at++ {
		if raw[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// textOf returns what a JSON string stands for.
func textOf(raw []byte) string {
	for _, c := range raw {
		if c == '\\' {
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				panic("httpapi: not canonical: " + err.Error())
			}
			return text
		}
	}
	return string(raw[1 : len(raw)-1])
}
