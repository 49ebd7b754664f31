package filter

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// The names that combine conditions.
const (
	and = "AND"
	or  = "OR"
	not = "NOT"
)

// The limits of Filters.
const (
	maxBytes      = 64 << 10
	maxDepth      = 10
	maxConditions = 100
	maxValues     = 1000
	maxText       = 4096
	maxName       = 1000
)

// filters reads an object of the grammar.
func (p *parser) filters(raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	value, err := canonjson.Parse(raw)
	if err == nil {
		err = value.CheckSize(maxBytes)
	}
	var all group
	if err == nil && value.String() != "{}" {
		all, err = p.object(value, 1)
	}
	if err != nil {
		p.fail(domain.WithField("filters", err))
	}
	p.all = append(p.all, all...)
}

// object reads an object, all of whose members hold.
func (p *parser) object(value canonjson.Value, depth int) (all group, failed error) {
	switch {
	case !value.IsObject():
		return nil, domain.Invalidf("", `must be an object, e.g. {"memory_type": "fact"}, got %s`, describe(value))
	case value.String() == "{}":
		return nil, domain.Invalidf("", "must hold at least one condition")
	case depth > maxDepth:
		return nil, domain.Invalidf("", "must be nested at most %d deep", maxDepth)
	}
	_ = value.Each(func(name string, value canonjson.Value) error {
		var n group
		if n, failed = p.member(name, value, depth); failed != nil {
			failed = domain.WithField(cut(name), failed)
		}
		all = append(all, n...)
		return failed
	})
	return all, failed
}

func (p *parser) member(name string, value canonjson.Value, depth int) (group, error) {
	switch name {
	case and:
		return p.list(value, depth)
	case or:
		either, err := p.alternatives(value, depth)
		return group{anyOf{either}}, err
	case not:
		all, err := p.object(value, depth+1)
		return group{negation{all}}, err
	}
	if path, ok := strings.CutPrefix(name, string(p.of.tree)+"."); ok && utf8.RuneCountInString(name) <= maxName {
		at, err := readPath("." + path)
		if err != nil {
			return nil, err
		}
		return p.comparisons(eq, value, operators, func(operator string, value canonjson.Value) (node, error) {
			return p.atPath(at, operator, value)
		})
	}
	field := Field(name)
	kind := p.of.kindOf(field)
	if kind == nil {
		for _, s := range p.of.shortForms {
			if s.name == name {
				n, err := p.onField(s.field, p.of.kindOf(s.field), s.operator, value)
				p.conditions++
				return group{n}, err
			}
		}
		return nil, p.of.unknown()
	}
	p.asksState = p.asksState || field == State
	bare := eq
	if field == p.of.tree && !asksWith(value, kind) {
		bare = contains
	}
	return p.comparisons(bare, value, kind.allowed(), func(operator string, value canonjson.Value) (node, error) {
		return p.onField(field, kind, operator, value)
	})
}

// asksWith tells whether a value is an object of nothing but operators. Other metadata are those that the memory's contain.
func asksWith(value canonjson.Value, kind *kind) bool {
	return value.IsObject() && value.Each(func(name string, _ canonjson.Value) error {
		if !kind.allows(name) {
			return errNoOperator
		}
		return nil
	}) == nil
}

var errNoOperator = errors.New("no operator")

// list reads a list of objects, all of which hold.
func (p *parser) list(value canonjson.Value, depth int) (all group, err error) {
	err = p.each(value, depth, func(one group) { all = append(all, one...) })
	return all, err
}

// alternatives reads a list of objects, one of which holds.
func (p *parser) alternatives(value canonjson.Value, depth int) (all group, err error) {
	err = p.each(value, depth, func(one group) {
		if len(one) == 1 {
			all = append(all, one[0])
		} else {
			all = append(all, one)
		}
	})
	return all, err
}

func (p *parser) each(value canonjson.Value, depth int, do func(group)) error {
	if value.Raw()[0] != '[' || value.String() == "[]" {
		return domain.Invalidf("", "must be a list of at least one object, got %s", describe(value))
	}
	return value.Items(func(i int, one canonjson.Value) error {
		all, err := p.object(one, depth+1)
		do(all)
		return domain.WithField("["+strconv.Itoa(i)+"]", err)
	})
}

// comparisons reads what a field is compared with: an object of operators, or a value without one, which is compared with bare;
// where that is contains, an object is such a value.
func (p *parser) comparisons(bare string, value canonjson.Value, allowed []string, read func(string, canonjson.Value) (node, error)) (all group, failed error) {
	add := func(operator string, operand canonjson.Value) error {
		if p.conditions++; p.conditions > maxConditions {
			return domain.Invalidf("", "must be one of at most %d conditions", maxConditions)
		}
		n, err := read(operator, operand)
		all = append(all, n)
		return err
	}
	if !value.IsObject() || bare == contains {
		err := add(bare, value)
		return all, err
	}
	if value.String() == "{}" {
		return nil, domain.Invalidf("", "must hold an operator: %s", strings.Join(allowed, ", "))
	}
	_ = value.Each(func(operator string, operand canonjson.Value) error {
		if slices.Contains(allowed, operator) {
			failed = domain.WithField(operator, add(operator, operand))
		} else {
			failed = domain.Invalidf(cut(operator), "is not an operator here: it must be one of %s", strings.Join(allowed, ", "))
		}
		return failed
	})
	return all, failed
}

// negated returns the operator that an operator negates.
func negated(operator string) (of string, ok bool) {
	switch operator {
	case ne:
		return eq, true
	case nin:
		return in, true
	}
	return operator, false
}

// onField reads a comparison of a field.
func (p *parser) onField(field Field, kind *kind, operator string, value canonjson.Value) (node, error) {
	return compare(operator, value, kind.optional, condition{field, exists, kind, nil}, func(operator string, values []canonjson.Value) (node, error) {
		read := make([]any, 0, len(values))
		for i, v := range values {
			if operator == in && kind.optional && v.IsNull() {
				continue // compare knows about it
			}
			one, ok := kind.read(v)
			if !ok {
				return nil, at(i, operator, domain.Invalidf("", "must be %s, got %s", kind.expects, describe(v)))
			}
			one, err := kind.check("", one)
			if err != nil {
				return nil, at(i, operator, err)
			}
			read = append(read, one)
		}
		if field != State {
			return condition{field, operator, kind, read}, nil
		}
		var either anyOf
		for _, state := range read {
			either.group = append(either.group, condition{field, eq, kind, []any{state}})
		}
		return either, nil
	})
}

// atPath reads a comparison of what stands at a path within the metadata.
func (p *parser) atPath(path []string, operator string, value canonjson.Value) (node, error) {
	return compare(operator, value, true, atPath{p.of.tree, path, exists, nil}, func(operator string, values []canonjson.Value) (node, error) {
		for i, v := range values {
			if err := checkAtPath(operator, v); err != nil {
				return nil, at(i, operator, err)
			}
		}
		if operator == in {
			values = slices.DeleteFunc(values, canonjson.Value.IsNull)
		}
		return atPath{p.of.tree, path, operator, values}, nil
	})
}

// compare reads what all comparisons have in common: lists, negations, and null, which equals a missing value where there may be
// one.
func compare(operator string, value canonjson.Value, optional bool, isThere node, leaf func(string, []canonjson.Value) (node, error)) (n node, err error) {
	operator, negative := negated(operator)
	values, nulls := []canonjson.Value{value}, 0
	switch operator {
	case exists:
		switch value.String() {
		case "true":
			return isThere, nil
		case "false":
			return negation{isThere}, nil
		}
		return nil, domain.Invalidf("", "must be true or false, got %s", describe(value))
	case in:
		if values, err = items(value); err != nil {
			return nil, err
		}
		fallthrough
	case eq:
		for _, v := range values {
			if optional && v.IsNull() {
				nulls++
			}
		}
	}
	var either anyOf
	if len(values) > nulls {
		if n, err = leaf(operator, values); err != nil {
			return nil, err
		}
		either.group = append(either.group, n)
	}
	if nulls > 0 {
		either.group = append(either.group, negation{isThere})
	}
	if n = either; len(either.group) == 1 {
		n = either.group[0]
	}
	if negative {
		n = negation{n}
	}
	return n, nil
}

func items(value canonjson.Value) (values []canonjson.Value, err error) {
	_ = value.Items(func(_ int, v canonjson.Value) error {
		values = append(values, v)
		return nil
	})
	if len(values) == 0 || len(values) > maxValues {
		return nil, domain.Invalidf("", "must be a list of 1 to %d values, got %s", maxValues, describe(value))
	}
	return values, nil
}

// at names an item of the list that an operator takes.
func at(i int, operator string, err error) error {
	if operator == in {
		return domain.WithField("["+strconv.Itoa(i)+"]", err)
	}
	return err
}

// describe says what a value is.
func describe(v canonjson.Value) string {
	switch v.Raw()[0] {
	case '"':
		if len(v.Raw()) > 100 {
			return "a text"
		}
		return v.String()
	case '{':
		return "an object"
	case '[':
		n := 0
		_ = v.Items(func(int, canonjson.Value) error { n++; return nil })
		return "a list of " + strconv.Itoa(n)
	}
	return cut(v.String())
}

// cut shortens a name that a caller gave, for a message.
func cut(name string) string {
	if utf8.RuneCountInString(name) <= 100 {
		return name
	}
	return string([]rune(name)[:100]) + "…"
}
