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

// Field is what a condition may ask about.
type Field string

// The fields of a memory that can be filtered by.
const (
	ID         Field = "id"
	AgentID    Field = "agent_id"
	UserID     Field = "user_id"
	MemoryType Field = "memory_type"
	Content    Field = "content"
	Confidence Field = "confidence"
	State      Field = "state"
	Version    Field = "version"
	SequenceID Field = "sequence_id"
	CreatedAt  Field = "created_at"
	UpdatedAt  Field = "updated_at"
	RecordedAt Field = "recorded_at"
	ExpiresAt  Field = "expires_at"
	ValidFrom  Field = "valid_from"
	ValidTo    Field = "valid_to"
	// ValidAt is a time at which a memory is so: from ValidFrom to before ValidTo.
	ValidAt  Field = "valid_at"
	Metadata Field = "metadata"
)

// The states that a Filter can ask for.
const (
	Active    = string(memory.StateActive)
	Forgotten = string(memory.StateForgotten)
	Expired   = string(memory.StateExpired)
	// All asks for memories in any state.
	All = "all"
)

// The operators. Parsing makes conditions of eq, in and exists out of ne, nin and comparisons with null.
const (
	eq, ne             = "eq", "ne"
	in, nin            = "in", "nin"
	gt, gte            = "gt", "gte"
	lt, lte            = "lt", "lte"
	contains, icontain = "contains", "icontains"
	startsWith, exists = "starts_with", "exists"
)

// operators in the order in which messages list them.
var operators = []string{eq, ne, gt, gte, lt, lte, in, nin, contains, icontain, startsWith, exists}

// fields in the order in which messages list them.
var fields = []struct {
	Field
	kind
}{
	{ID, ids},
	{AgentID, namesOf(memory.MaxAgentID)},
	{UserID, namesOf(memory.MaxUserID)},
	{MemoryType, namesOf(memory.MaxType)},
	{Content, contents},
	{Confidence, units},
	{State, states},
	{Version, wholes},
	{SequenceID, wholes},
	{CreatedAt, moments},
	{UpdatedAt, moments},
	{RecordedAt, moments},
	{ExpiresAt, optionalMoments},
	{ValidFrom, optionalMoments},
	{ValidTo, optionalMoments},
	{ValidAt, instants},
	{Metadata, objects},
}

func kindOf(field Field) *kind {
	for i := range fields {
		if fields[i].Field == field {
			return &fields[i].kind
		}
	}
	return nil
}

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
		check: always,
	}
	contents = kind{
		expects: "a text", read: readText, list: listOf[string], sql: texts("({c} #>> '{}')"), optional: true,
		check: func(field string, v any) (any, error) { return v, domain.CheckText(field, v.(string), maxText) },
	}
	units = kind{
		expects: "a number from 0 to 1", list: listOf[float64], sql: ordered(""),
		read: func(v canonjson.Value) (any, bool) {
			n, err := strconv.ParseFloat(v.String(), 64)
			return n, err == nil && isNumber(v)
		},
		check: func(field string, v any) (any, error) { return v, domain.CheckUnit(field, v.(float64)) },
	}
	// Whole numbers of 64 bits, whatever the width of the column.
	wholes = kind{
		expects: "a whole number of at most 64 bits", list: listOf[int64], sql: ordered("::bigint"),
		read: func(v canonjson.Value) (any, bool) {
			n, err := strconv.ParseInt(v.String(), 10, 64)
			return n, err == nil
		},
		check: always,
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
	}
	objects = kind{
		expects: anObject,
		read:    func(v canonjson.Value) (any, bool) { return v, v.IsObject() },
		check:   func(field string, v any) (any, error) { return checkObject(field, v.(canonjson.Value)) },
		sql:     map[string]string{eq: "{c} = {v}", contains: "{c} @> {v}"},
	}
)

func namesOf(limit int) kind {
	return kind{
		expects: "a text", read: readText, list: listOf[string], sql: texts("{c}"),
		check: func(field string, v any) (any, error) { return v, domain.CheckName(field, v.(string), limit) },
	}
}

func times(optional bool) kind {
	return kind{
		expects: "an RFC 3339 time, e.g. 2026-01-31T15:04:05Z", list: listOf[time.Time], sql: ordered(""), optional: optional,
		read: func(v canonjson.Value) (any, bool) { return readTime(v) },
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
	if strings.Contains(text, ",") { // which time.Parse takes for a decimal point
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
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
