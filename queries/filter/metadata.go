package filter

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// Limits of a path.
const (
	maxSegments = 16
	maxSegment  = 256
)

// atPath asks about what stands at a path within the metadata, or whatever field the tree is. A value there that is null counts as missing.
type atPath struct {
	tree     Field
	path     []string
	operator string
	values   []canonjson.Value
}

// readPath reads what follows metadata: names with a dot before each. A name may stand in quotes, as a JSON string; one that
// counts is an item of a list, from 0 on.
func readPath(text string) (path []string, err error) {
	for rest := text; rest != ""; {
		name, ok := strings.CutPrefix(rest, ".")
		if !ok {
			return nil, domain.Invalidf("", "must have a dot before each name of the path")
		}
		if strings.HasPrefix(name, `"`) {
			var quoted string
			d := json.NewDecoder(strings.NewReader(name))
			if d.Decode(&quoted) != nil {
				return nil, domain.Invalidf("", `must end a name of the path that begins with a quotation mark with another, as in metadata."a.b"`)
			}
			name, rest = quoted, name[d.InputOffset():]
		} else {
			end := len(name)
			if i := strings.IndexByte(name, '.'); i >= 0 {
				end = i
			}
			name, rest = name[:end], name[end:]
			if name == "" {
				return nil, domain.Invalidf("", "must have a name after each dot of the path")
			}
		}
		if err := domain.CheckText("", name, maxSegment); err != nil {
			return nil, err
		}
		if path = append(path, name); len(path) > maxSegments {
			return nil, domain.Invalidf("", "must be a path of at most %d names", maxSegments)
		}
	}
	return path, nil
}

// pathOperators says what each operator takes at a path; in, exists and their like take what eq does.
var pathOperators = map[string]string{
	gt: "a number or a text", gte: "a number or a text", lt: "a number or a text", lte: "a number or a text",
	icontain: "a text", startsWith: "a text",
}

func checkAtPath(operator string, value canonjson.Value) error {
	expects := pathOperators[operator]
	text, isText := value.Text()
	if expects != "" && !isText && (expects == "a text" || !isNumber(value)) {
		return domain.Invalidf("", "must be %s, got %s", expects, describe(value))
	}
	return domain.CheckText("", text, maxText)
}

func (a atPath) coveredBy(columns Columns) bool { return columns(a.tree) != "" }

func (a atPath) sql(columns Columns, _ time.Time, args *Args) string {
	if part, ok := a.part(); ok {
		return columns(a.tree) + " @> " + args.Add(part.Raw())
	}
	value, text := a.at(columns, args)
	only := func(kind, condition string) string {
		return "(jsonb_typeof(" + value + ") = '" + kind + "' and " + condition + ")"
	}
	operand, isText := "", false
	if len(a.values) > 0 {
		operand, isText = a.values[0].Text()
	}
	switch a.operator {
	case exists:
		return "jsonb_typeof(" + value + ") <> 'null'"
	case eq, in:
		return a.equals(value, text, args)
	case contains:
		return a.contains(value, text, args)
	case icontain:
		return only("string", "strpos(lower("+text+"), lower("+args.Add(operand)+"::text)) > 0")
	case startsWith:
		return only("string", "starts_with("+text+", "+args.Add(operand)+")")
	}
	sign := " " + signs[a.operator] + " "
	if !isText {
		return only("number", value+sign+args.Add(a.values[0].Raw()))
	}
	if t, ok := readTime(a.values[0]); ok {
		return timeOf(text) + sign + args.Add(t.UTC().Truncate(time.Microsecond))
	}
	return only("string", text+` collate "C"`+sign+args.Add(operand))
}

// at returns what stands at the path, as JSON and as a text. For one name, -> takes 0.2 µs less than #> and is the same: the tree is
// an object.
func (a atPath) at(columns Columns, args *Args) (value, text string) {
	operator, path := " #> ", args.Add(a.path)
	if len(a.path) == 1 {
		(*args)[len(*args)-1] = a.path[0]
		operator, path = " -> ", path+"::text"
	}
	return "(" + columns(a.tree) + operator + path + ")", "(" + columns(a.tree) + strings.Replace(operator, ">", ">>", 1) + path + ")"
}

// part returns the object that metadata contain where a text, a number, true or false is equal to what stands at the path. To look
// for it takes half the time of a comparison. A name that counts may be an item of a list, and a time is compared as one.
func (a atPath) part() (part canonjson.Value, ok bool) {
	if a.operator != eq && a.operator != in || len(a.values) != 1 {
		return part, false
	}
	part = a.values[0]
	if _, isTime := readTime(part); isTime || part.IsObject() || part.Raw()[0] == '[' {
		return part, false
	}
	for _, name := range slices.Backward(a.path) {
		if _, err := strconv.Atoi(strings.TrimSpace(name)); err == nil {
			return part, false
		}
		part = canonjson.NewObject(nil).Value(name, part).Done()
	}
	return part, true
}

// equals compares numbers as numbers, and a text with the time that an operand is as a time.
func (a atPath) equals(value, text string, args *Args) string {
	var values []json.RawMessage
	var times []time.Time
	for _, v := range a.values {
		if t, ok := readTime(v); ok {
			times = append(times, t.UTC().Truncate(time.Microsecond))
		} else {
			values = append(values, v.Raw())
		}
	}
	var either []string
	if len(values) > 0 {
		either = append(either, value+" = any("+args.Add(pgtype.FlatArray[json.RawMessage](values))+"::jsonb[])")
	}
	if len(times) > 0 {
		either = append(either, timeOf(text)+" = any("+args.Add(times)+")")
	}
	return "(" + strings.Join(either, " or ") + ")"
}

// contains looks for a text within a text, for members within an object, and for an item, or each of several, in a list.
func (a atPath) contains(value, text string, args *Args) string {
	operand, item := a.values[0], canonjson.List(a.values[0])
	if operand.Raw()[0] == '[' {
		item = operand
	}
	sql := "case jsonb_typeof(" + value + ") when 'array' then " + value + " @> " + args.Add(item.Raw())
	if t, ok := operand.Text(); ok {
		sql += " when 'string' then strpos(" + text + ", " + args.Add(t) + ") > 0"
	}
	if operand.IsObject() {
		sql += " when 'object' then " + value + " @> " + args.Add(operand.Raw())
	}
	return sql + " end"
}

func (a atPath) MarshalJSON() ([]byte, error) {
	name := string(a.tree)
	for _, part := range a.path {
		if part == "" || strings.ContainsAny(part, `."`) {
			quoted, _ := json.Marshal(part)
			part = string(quoted)
		}
		name += "." + part
	}
	return asWritten(name, a.operator, a.values)
}

// timeOf is a text as a time, to the microsecond; null if it is not an RFC 3339 one. PostgreSQL before 16 fails at a text that
// looks like a time and is not, such as 2026-02-30T00:00:00Z, so the pattern leaves out all of those.
func timeOf(text string) string {
	return "case when " + text + " ~ '" + rfc3339 + "' then regexp_replace(" + text + `, '([.]\d{6})\d+', '\1')::timestamptz end`
}

const rfc3339 = `^(?!0000)(` +
	`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])` +
	`|\d{4}-(0[13-9]|1[0-2])-(29|30)` +
	`|\d{4}-(0[13578]|1[02])-31` +
	`|(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29` +
	`)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.]\d{1,9})?(Z|[+-](0\d|1[0-5]):[0-5]\d)$`
