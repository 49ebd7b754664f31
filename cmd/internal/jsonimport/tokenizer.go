package jsonimport

import (
	"bytes"
	"errors"
	"io"
)

const (
	// MaxRecordBytes is the size limit of a record; a longer one is rejected, and only its beginning is kept as raw bytes.
	MaxRecordBytes = 16 << 20
	// maxNesting is the depth at which the search for the end of a value gives up.
	maxNesting = 10_000
	bufferSize = 64 << 10
)

// Errors that end the reading of a file. The records before them are imported.
var (
	errEndsEarly = errors.New("the file ends too early")
	errBroken    = errors.New("the file is broken")
)

// span is the text of one value, as the file has it.
type span struct {
	// raw is the beginning of the value, up to the limit that was given.
	raw    []byte
	offset int64
	length int64
	// open says that the file ended, or nested too deep, before the value ended.
	open bool
}

// tokenizer finds where values begin and end in JSON that may be broken. It holds only a buffer and the bytes that a span
// keeps, and inside a value it looks only at quotes and brackets.
type tokenizer struct {
	in      io.Reader
	buf     []byte
	at, end int
	// base is the offset of buf[0] in the input.
	base int64
	err  error
	// fault is called for each mistake between values that was skipped; default none.
	fault func(offset int64, problem string)
}

func newTokenizer(in io.Reader) *tokenizer {
	return &tokenizer{in: in, buf: make([]byte, bufferSize), fault: func(int64, string) {}}
}

func (t *tokenizer) offset() int64 { return t.base + int64(t.at) }

// more fills the buffer if needed, so that buf[at] can be read; false at the end of the input.
func (t *tokenizer) more() bool {
	if t.at < t.end {
		return true
	}
	t.base += int64(t.end)
	t.at, t.end = 0, 0
	for empty := 0; t.end == 0 && t.err == nil; empty++ {
		t.end, t.err = t.in.Read(t.buf)
		if empty == 100 && t.end == 0 && t.err == nil {
			t.err = io.ErrNoProgress
		}
	}
	return t.end > 0
}

// next skips white space and returns the byte there without consuming it, -1 at the end.
func (t *tokenizer) next() int {
	for t.more() {
		switch c := t.buf[t.at]; c {
		case ' ', '\t', '\n', '\r':
			t.at++
		default:
			return int(c)
		}
	}
	return -1
}

// ended returns why the input ended.
func (t *tokenizer) ended() error {
	if t.err != nil && !errors.Is(t.err, io.EOF) {
		return t.err
	}
	return errEndsEarly
}

// value consumes the next value and keeps at most limit bytes of it. It consumes at least one byte unless a comma, a
// closing bracket or the end comes next.
func (t *tokenizer) value(limit int) span {
	c := t.next()
	s := span{offset: t.offset()}
	switch c {
	case '"':
		s.open = !t.text(&s, limit)
	case '{', '[':
		s.open = !t.nested(&s, limit)
	default:
		t.word(&s, limit)
	}
	return s
}

// take moves n bytes of the buffer into s.
func (t *tokenizer) take(s *span, n, limit int) {
	if room := limit - len(s.raw); room > 0 {
		s.raw = append(s.raw, t.buf[t.at:t.at+min(n, room)]...)
	}
	s.length += int64(n)
	t.at += n
}

// text consumes a string from its opening quote on; false if the input ends first.
func (t *tokenizer) text(s *span, limit int) bool {
	t.take(s, 1, limit)
	for t.more() {
		i := bytes.IndexAny(t.buf[t.at:t.end], `"\`)
		if i < 0 {
			t.take(s, t.end-t.at, limit)
			continue
		}
		closing := t.buf[t.at+i] == '"'
		t.take(s, i+1, limit)
		if closing {
			return true
		}
		if t.more() {
			t.take(s, 1, limit)
		}
	}
	return false
}

// nested consumes an object or array from its opening bracket on; false if its end cannot be found. A bracket that closes
// nothing in it belongs to the surrounding value, and ends it.
func (t *tokenizer) nested(s *span, limit int) bool {
	var stack []byte
	for t.more() {
		i := bytes.IndexAny(t.buf[t.at:t.end], `"{}[]`)
		if i < 0 {
			t.take(s, t.end-t.at, limit)
			continue
		}
		t.take(s, i, limit)
		switch c := t.buf[t.at]; c {
		case '"':
			if !t.text(s, limit) {
				return false
			}
		case '{', '[':
			if len(stack) == maxNesting {
				return false
			}
			stack = append(stack, c)
			t.take(s, 1, limit)
		default:
			opened := bytes.LastIndexByte(stack, c-2) // '[' is two before ']', '{' two before '}'
			if opened < 0 {
				return true
			}
			t.take(s, 1, limit)
			if stack = stack[:opened]; opened == 0 {
				return true
			}
		}
	}
	return false
}

// word consumes a number, a literal, or whatever is in place of one.
func (t *tokenizer) word(s *span, limit int) {
	for t.more() {
		switch t.buf[t.at] {
		case ' ', '\t', '\n', '\r', ',', ']', '}', '[', '{', '"':
			return
		}
		t.take(s, 1, limit)
	}
}
