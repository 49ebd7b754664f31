package filter

import (
	"fmt"
	"maps"
)

// Schema is a JSON Schema of version 2020-12.
type Schema = map[string]any

// MemorySchema describes filters of memories. It refers to itself by ref. What it allows, Filter.Check accepts, within the limits
// on conditions, nesting, size and paths.
func MemorySchema(ref string) Schema { return memories.schema(ref) }

// EventSchema describes filters of events, as MemorySchema those of memories.
func EventSchema(ref string) Schema { return events.schema(ref) }

func (t *table) schema(ref string) Schema {
	self := Schema{"$ref": ref}
	several := Schema{"type": "array", "minItems": 1, "items": self}
	properties := Schema{and: several, or: several, not: self}
	for _, s := range t.shortForms {
		properties[s.name] = operandOf(s.operator, t.kindOf(s.field).schema)
	}
	for _, f := range t.fields {
		bare := nullable(f.schema, f.optional)
		if f.Field == t.tree { // an object of nothing but operators is one of those
			bare = Schema{"type": "object", "minProperties": 1, "propertyNames": Schema{"not": Schema{"enum": f.allowed()}}}
		}
		properties[string(f.Field)] = comparison(bare, f.allowed(), func(operator string) Schema {
			positive, _ := negated(operator)
			return operandOf(operator, nullable(f.schema, f.optional && (positive == eq || positive == in)))
		})
	}
	return Schema{
		"type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties,
		"propertyNames": Schema{"maxLength": maxName},
		// A name in quotes may hold dots; whole numbers count the items of a list.
		"patternProperties": Schema{
			`^` + string(t.tree) + `(\.([^."]+|"([^"\\\x00-\x1f]|\\["\\/bfnrt])*"))+$`: comparison(atAnyPath, operators, operandAtPath),
		},
		"description": fmt.Sprintf("All members hold. AND and OR take a list of such objects, NOT takes one. Any other member is a field, or %s. and a path "+
			"within it, with a value that it equals or an object of operators, all of which hold. At most %d conditions, %d levels, %d KiB, "+
			"paths of %d names of %d characters.", t.tree, maxConditions, maxDepth, maxBytes>>10, maxSegments, maxSegment),
	}
}

// comparison describes a value without an operator, or an object of operators.
func comparison(bare Schema, allowed []string, operand func(operator string) Schema) Schema {
	properties := Schema{}
	for _, operator := range allowed {
		properties[operator] = operand(operator)
	}
	return Schema{"anyOf": []Schema{bare, {"type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties}}}
}

// operandOf describes what an operator takes where the values of a field are as value says.
func operandOf(operator string, value Schema) Schema {
	switch operator {
	case in, nin:
		return Schema{"type": "array", "minItems": 1, "maxItems": maxValues, "items": value}
	case exists:
		return Schema{"type": "boolean"}
	}
	return value
}

func nullable(value Schema, optional bool) Schema {
	if !optional {
		return value
	}
	value = maps.Clone(value)
	value["type"] = []any{value["type"], "null"}
	return value
}

// What stands at a path may be anything; a bare object would be taken for operators.
var (
	atAnyPath   = Schema{"type": []string{"string", "number", "boolean", "array", "null"}, "maxLength": maxText}
	anyOperand  = Schema{"maxLength": maxText} // of any type
	someOperand = map[string]Schema{"a text": {"type": "string", "maxLength": maxText}, "a number or a text": {"type": []string{"number", "string"}, "maxLength": maxText}}
)

func operandAtPath(operator string) Schema {
	if value, ok := someOperand[pathOperators[operator]]; ok {
		return value
	}
	return operandOf(operator, anyOperand)
}
