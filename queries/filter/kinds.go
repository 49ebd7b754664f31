package filter

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// kind is what the values of some fields have in common.
type kind struct {
	// expects says what an operand must be, as in "a number".
	expects string
	// read returns an operand as a value of Go.
	read func(canonjson.Value) (value any, ok bool)
	// check returns the value as it is compared, or an error that says what must hold for it.
	check func(field string, value any) (any, error)
	// list makes the argument of in.
	list func([]any) any
	// sql has the expression of each operator, with {c} for the column and {v} for the argument.
	sql map[string]string
	// optional says that a memory may have no value.
	optional bool
	// schema describes an operand.
	schema Schema
}

// allows tells whether an operator that a caller may write goes with the kind.
func (k *kind) allows(operator string) bool {
	switch operator {
	case ne:
		operator = eq
	case nin:
		operator = in
	}
	return k.sql[operator] != ""
}

var (
	ids = kind{
		expects: "a UUID, e.g. 0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f", list: listOf[uuid.UUID], sql: equal(""),
		read: func(v canonjson.Value) (any, bool) {
			text, _ := v.Text()
			id, err := uuid.Parse(text)
			return id, err == nil && len(text) == 36
		},
		check:  always,
		schema: Schema{"type": "string", "format": "uuid"},
	}
	contents = kind{
		expects: "a text", read: readText, list: listOf[string], sql: texts("({c} #>> '{}')"), optional: true,
		schema: Schema{"type": "string", "maxLength": maxText},
		check:  func(field string, v any) (any, error) { return v, domain.CheckText(field, v.(string), maxText) },
	}
	words = kind{
		expects: "a text", read: readText, list: listOf[string], sql: texts("{c}"), optional: true,
		schema: Schema{"type": "string", "maxLength": maxText},
		check:  func(field string, v any) (any, error) { return v, domain.CheckText(field, v.(string), maxText) },
	}
	units = kind{
		expects: "a number from 0 to 1", list: listOf[float64], sql: ordered(""),
		read: func(v canonjson.Value) (any, bool) {
			n, err := strconv.ParseFloat(v.String(), 64)
			return n, err == nil && isNumber(v)
		},
		check:  func(field string, v any) (any, error) { return v, domain.CheckUnit(field, v.(float64)) },
		schema: Schema{"type": "number", "minimum": 0, "maximum": 1},
	}
	// Whole numbers of 64 bits, whatever the width of the column.
	wholes = kind{
		expects: "a whole number of at most 64 bits", list: listOf[int64], sql: ordered("::bigint"),
		read: func(v canonjson.Value) (any, bool) {
			n, err := strconv.ParseInt(v.String(), 10, 64)
			return n, err == nil
		},
		check:  always,
		schema: Schema{"type": "integer", "format": "int64"},
	}
	moments         = times(false)
	optionalMoments = times(true)
	instants        = withSQL(times(false), map[string]string{eq: "(coalesce({valid_from} <= {v}, true) and coalesce({valid_to} > {v}, true))"})
	states          = kind{
		expects: "active, forgotten or expired", read: readText, sql: equal(""), // compiled by inState
		check: func(field string, v any) (any, error) {
			if v != Active && v != Forgotten && v != Expired {
				return nil, domain.Invalidf(field, "must be active, forgotten or expired, got %q", v)
			}
			return v, nil
		},
		schema: Schema{"type": "string", "enum": []string{Active, Forgotten, Expired}},
	}
	objects = kind{
		expects: anObject,
		read:    func(v canonjson.Value) (any, bool) { return v, v.IsObject() },
		check:   func(field string, v any) (any, error) { return checkObject(field, v.(canonjson.Value)) },
		sql:     map[string]string{eq: "{c} = {v}", contains: "{c} @> {v}"},
		schema:  Schema{"type": "object"},
	}
)

func namesOf(limit int) kind {
	return kind{
		expects: "a text", read: readText, list: listOf[string], sql: texts("{c}"),
		check:  func(field string, v any) (any, error) { return v, domain.CheckName(field, v.(string), limit) },
		schema: Schema{"type": "string", "minLength": 1, "maxLength": limit, "pattern": `\S`},
	}
}

func times(optional bool) kind {
	return kind{
		expects: "an RFC 3339 time, e.g. 2026-01-31T15:04:05Z", list: listOf[time.Time], sql: ordered(""), optional: optional,
		read:   func(v canonjson.Value) (any, bool) { return readTime(v) },
		schema: Schema{"type": "string", "format": "date-time"},
		check: func(field string, v any) (any, error) {
			// As times are stored.
			return v.(time.Time).UTC().Truncate(time.Microsecond), domain.CheckTime(field, v.(time.Time))
		},
	}
}

func withSQL(k kind, sql map[string]string) kind {
	k.sql = sql
	return k
}

func always(_ string, v any) (any, error) { return v, nil }

const anObject = `a JSON object, e.g. {"topic": "sleep"}`

func checkObject(field string, v canonjson.Value) (any, error) {
	if !v.IsObject() {
		return nil, domain.Invalidf(field, "must be %s", anObject)
	}
	return v.Raw(), domain.WithField(field, v.CheckSize(memory.MaxMetadataBytes))
}

func readText(v canonjson.Value) (any, bool) {
	text, ok := v.Text()
	return text, ok
}

func readTime(v canonjson.Value) (time.Time, bool) {
	text, _ := v.Text()
	t, err := domain.ParseTime(text)
	return t, err == nil
}

func isNumber(v canonjson.Value) bool { return strings.IndexByte("-0123456789", v.Raw()[0]) >= 0 }

func listOf[T any](values []any) any {
	list := make([]T, len(values))
	for i, v := range values {
		list[i] = v.(T)
	}
	return list
}

// equal are the expressions of what has no order.
func equal(cast string) map[string]string {
	list := ""
	if cast != "" {
		list = cast + "[]"
	}
	return map[string]string{eq: "{c} = {v}" + cast, in: "{c} = any({v}" + list + ")", exists: "{c} is not null"}
}

// ordered are the expressions of what has one.
func ordered(cast string) map[string]string {
	sql := equal(cast)
	for operator, sign := range signs {
		sql[operator] = "{c} " + sign + " {v}" + cast
	}
	return sql
}

// signs of PostgreSQL for what compares by an order.
var signs = map[string]string{gt: ">", gte: ">=", lt: "<", lte: "<="}

// texts are the expressions of texts, which are in the order of their bytes.
func texts(column string) map[string]string {
	sql := ordered("")
	for operator, sign := range signs {
		sql[operator] = `{c} collate "C" ` + sign + " {v}"
	}
	sql[contains] = "strpos({c}, {v}) > 0"
	sql[icontain] = "strpos(lower({c}), lower({v}::text)) > 0"
	sql[startsWith] = "starts_with({c}, {v})"
	for operator := range sql {
		sql[operator] = strings.ReplaceAll(sql[operator], "{c}", column)
	}
	return sql
}
