package sample

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// pair is a member of an object; object keeps the order of its members.
type (
	pair struct {
		key   string
		value any
	}
	object []pair
	list   []any
	// verbatim is written as it is, whether it is JSON or not.
	verbatim string
)

// encode writes a value as Python's json.dump(…, indent=2) does.
func encode(value any) []byte {
	var b bytes.Buffer
	write(&b, value, 0)
	return b.Bytes()
}

func write(b *bytes.Buffer, value any, depth int) {
	switch v := value.(type) {
	case nil:
		b.WriteString("null")
	case verbatim:
		b.WriteString(string(v))
	case string:
		writeText(b, v)
	case time.Time:
		writeText(b, isoformat(v))
	case float64:
		b.WriteString(repr(v))
	case object:
		writeAll(b, '{', '}', len(v), depth, func(i int) {
			writeText(b, v[i].key)
			b.WriteString(": ")
			write(b, v[i].value, depth+1)
		})
	case list:
		writeAll(b, '[', ']', len(v), depth, func(i int) { write(b, v[i], depth+1) })
	default:
		fmt.Fprint(b, v) // int and bool
	}
}

func writeAll(b *bytes.Buffer, opening, closing byte, n, depth int, one func(int)) {
	b.WriteByte(opening)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + strings.Repeat("  ", depth+1))
		one(i)
	}
	if n > 0 {
		b.WriteString("\n" + strings.Repeat("  ", depth))
	}
	b.WriteByte(closing)
}

// writeText escapes all that is not ASCII, with surrogate pairs.
func writeText(b *bytes.Buffer, text string) {
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(b, `\u%04x`, unit)
			}
		}
	}
	b.WriteByte('"')
}

// repr writes a float as Python does: always with a point.
func repr(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// isoformat writes a naive time as Python's datetime.isoformat does: without a fraction where it is zero.
func isoformat(t time.Time) string {
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}
