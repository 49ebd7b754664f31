package canonjson

import (
	"bytes"
	"strconv"
	"strings"
)

// Operation is one step of a JSON patch (RFC 6902): a test of the value at a path, or its addition, removal or replacement.
type Operation struct {
	Op   string `json:"op"`
	Path string `json:"path"` // a JSON pointer (RFC 6901)
	// Value is that of a test, an addition or a replacement.
	Value Value `json:"value,omitzero"`
}

// The operations of a patch.
const (
	OpTest    = "test"
	OpAdd     = "add"
	OpRemove  = "remove"
	OpReplace = "replace"
)

// Diff returns the patch that turns one value at a path into another; none if they are equal. Before each removal and
// replacement stands a test of the value before, so a patch tells what there was, and does not apply to anything else.
//
// Objects are compared member by member. Of two lists, what they begin and end with in common stays, and what lies between is
// compared item by item. A patch that would be longer than the two values together by more than a few kilobytes is the
// replacement of the whole.
func Diff(path string, from, to Value) []Operation {
	if from.Equal(to) {
		return nil
	}
	d := differ{room: len(from.raw) + len(to.raw) + 4096}
	d.compare(path, from, to)
	if d.room < 0 {
		return []Operation{{OpTest, path, from}, {OpReplace, path, to}}
	}
	return d.patch
}

// differ collects a patch until it has no room left: a long path stands in each operation below it, so that a patch could be as
// long as the product of the two values.
type differ struct {
	patch []Operation
	room  int // in bytes
}

func (d *differ) add(op, path string, value Value) {
	if d.room -= len(path) + len(value.raw) + len(`{"op":"replace","path":"","value":},`); d.room >= 0 {
		d.patch = append(d.patch, Operation{op, path, value})
	}
}

func (d *differ) remove(path string, from Value) {
	d.add(OpTest, path, from)
	d.add(OpRemove, path, Value{})
}

func (d *differ) replace(path string, from, to Value) {
	d.add(OpTest, path, from)
	d.add(OpReplace, path, to)
}

func (d *differ) compare(path string, from, to Value) {
	switch {
	case d.room < 0 || from.Equal(to):
	case from.IsObject() && to.IsObject():
		d.objects(path, from, to)
	case from.isList() && to.isList():
		d.lists(path, from, to)
	default:
		d.replace(path, from, to)
	}
}

func (v Value) isList() bool { return len(v.raw) > 0 && v.raw[0] == '[' }

type entry struct {
	name  string
	value Value
}

func entriesOf(v Value) (all []entry) {
	_ = v.Each(func(name string, value Value) error {
		all = append(all, entry{name, value})
		return nil
	})
	return all
}

// objects merges the members, which are in the same order in both.
func (d *differ) objects(path string, from, to Value) {
	before, after := entriesOf(from), entriesOf(to)
	for len(before)+len(after) > 0 && d.room >= 0 {
		order := -1
		if len(before) == 0 {
			order = 1
		} else if len(after) > 0 {
			order = compareUTF16(before[0].name, after[0].name)
		}
		switch {
		case order < 0:
			d.remove(pointer(path, before[0].name), before[0].value)
			before = before[1:]
		case order > 0:
			d.add(OpAdd, pointer(path, after[0].name), after[0].value)
			after = after[1:]
		default:
			d.compare(pointer(path, before[0].name), before[0].value, after[0].value)
			before, after = before[1:], after[1:]
		}
	}
}

func itemsOf(v Value) (all []Value) {
	_ = v.Items(func(_ int, value Value) error {
		all = append(all, value)
		return nil
	})
	return all
}

func (d *differ) lists(path string, from, to Value) {
	before, after := itemsOf(from), itemsOf(to)
	start := 0
	for len(before) > 0 && len(after) > 0 && bytes.Equal(before[0].raw, after[0].raw) {
		before, after, start = before[1:], after[1:], start+1
	}
	for len(before) > 0 && len(after) > 0 && before[len(before)-1].Equal(after[len(after)-1]) {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	at := func(i int) string { return path + "/" + strconv.Itoa(start+i) }
	both := min(len(before), len(after))
	for i := 0; i < both && d.room >= 0; i++ {
		d.compare(at(i), before[i], after[i])
	}
	for i := len(before) - 1; i >= both && d.room >= 0; i-- { // from the end, so that no index shifts before it is used
		d.remove(at(i), before[i])
	}
	for i := both; i < len(after) && d.room >= 0; i++ {
		d.add(OpAdd, at(i), after[i])
	}
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(path, name string) string { return path + "/" + escapePointer.Replace(name) }
