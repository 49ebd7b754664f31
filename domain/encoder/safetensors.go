package encoder

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// maxHeader bounds the list of tensors, in bytes: that of a model of 100 layers has 200 kB.
const maxHeader = 8 << 20

// tensor is where the numbers of one name are: data_offsets count from the end of the header.
type tensor struct {
	Type    string    `json:"dtype"`
	Shape   []int64   `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// numberSize is the size in bytes of a number of each type that is read.
var numberSize = map[string]uint64{"F32": 4, "F16": 2, "BF16": 2}

// readHeader reads the list of tensors: the length of a JSON object as 8 bytes, little-endian, then the object.
func readHeader(r io.Reader) (map[string]tensor, error) {
	var length uint64
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return nil, fmt.Errorf("length of the header: %w", noEOF(err))
	}
	if length > maxHeader {
		return nil, fmt.Errorf("header must be at most %d bytes long, got %d", maxHeader, length)
	}
	var header bytes.Buffer // grows with what is there, not with what is said to be
	if _, err := io.CopyN(&header, r, int64(length)); err != nil {
		return nil, fmt.Errorf("header: %w", noEOF(err))
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(header.Bytes(), &entries); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	delete(entries, "__metadata__")
	tensors := make(map[string]tensor, len(entries))
	for name, entry := range entries {
		var t tensor
		if err := json.Unmarshal(entry, &t); err != nil {
			return nil, fmt.Errorf("header: tensor %.80q: %w", name, err)
		}
		tensors[name] = t
	}
	return tensors, nil
}

// want is a tensor that a model must have, and then where it is and where its numbers go.
type want struct {
	name  string
	shape []int64
	tensor
	into []float32
}

func (w *want) numbers() int {
	n := int64(1)
	for _, size := range w.shape {
		n *= size
	}
	return int(n)
}

// check compares a tensor with what is wanted; size is how many bytes there are for all.
func (w *want) check(size uint64) error {
	if !slices.Equal(w.Shape, w.shape) {
		return fmt.Errorf("shape must be %v, got %v", w.shape, w.Shape)
	}
	each, ok := numberSize[w.Type]
	if !ok {
		return fmt.Errorf("dtype must be F32, F16 or BF16, got %.40q", w.Type)
	}
	begin, end, must := w.Offsets[0], w.Offsets[1], each*uint64(w.numbers())
	if end < begin || end-begin != must {
		return fmt.Errorf("data_offsets must be %d apart, got %d and %d", must, begin, end)
	}
	if end > size {
		return fmt.Errorf("data_offsets must be at most %d, where the file ends, got %d", size, end)
	}
	return nil
}

// place checks the wanted tensors before there is memory for any.
func place(wanted []want, tensors map[string]tensor, size uint64) error {
	for i := range wanted {
		w := &wanted[i]
		var ok bool
		if w.tensor, ok = tensors[w.name]; !ok {
			if w.tensor, ok = tensors["bert."+w.name]; !ok {
				return fmt.Errorf("there must be a tensor %q", w.name)
			}
		}
		if err := w.check(size); err != nil {
			return fmt.Errorf("tensor %q: %w", w.name, err)
		}
	}
	slices.SortFunc(wanted, func(a, b want) int { return cmp.Compare(a.Offsets[0], b.Offsets[0]) })
	for i, w := range wanted[1:] {
		if w.Offsets[0] < wanted[i].Offsets[1] {
			return fmt.Errorf("tensors %q and %q must not overlap", wanted[i].name, w.name)
		}
	}
	return nil
}

// readTensors reads the wanted tensors, in the order of their places, from what follows the header.
func readTensors(r io.Reader, wanted []want) error {
	data, at := bufio.NewReaderSize(r, 1<<16), uint64(0)
	for _, w := range wanted {
		_, err := io.CopyN(io.Discard, data, int64(w.Offsets[0]-at))
		if err == nil {
			err = readNumbers(data, w.Type, w.into)
		}
		if err != nil {
			return fmt.Errorf("tensor %q: %w", w.name, noEOF(err))
		}
		at = w.Offsets[1]
	}
	_, err := io.Copy(io.Discard, data) // the checksum is of the whole file
	return err
}

func readNumbers(r io.Reader, kind string, into []float32) error {
	var buffer [1 << 13]byte
	size := int(numberSize[kind])
	for len(into) > 0 {
		n := min(len(into), len(buffer)/size)
		if _, err := io.ReadFull(r, buffer[:n*size]); err != nil {
			return err
		}
		for i := range into[:n] {
			switch kind {
			case "F32":
				into[i] = math.Float32frombits(binary.LittleEndian.Uint32(buffer[4*i:]))
			case "F16":
				into[i] = float16(binary.LittleEndian.Uint16(buffer[2*i:]))
			case "BF16":
				into[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(buffer[2*i:])) << 16)
			}
			if v := into[i]; v-v != 0 { // NaN or infinite: it would spread to every vector
				return errors.New("numbers must be finite")
			}
		}
		into = into[n:]
	}
	return nil
}

// float16 returns the value of a number in IEEE 754 half precision.
func float16(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits>>15)<<31, uint32(bits>>10)&0x1f, uint32(bits)&0x3ff
	switch exponent {
	case 0: // zero, or too small for a leading one
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	default:
		return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
	}
}

// noEOF makes the end of a file where there must be more an error of its own.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
