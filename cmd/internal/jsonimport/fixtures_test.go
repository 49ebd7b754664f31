package jsonimport

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

// fixture is one file and the expected outcome of its records.
type fixture struct {
	path     string
	text     string
	verdicts string
	// contents are those of the memories that were added, notes the codes and fields of all notes; nil is not compared.
	contents, notes []string
	// problem is part of the file's problem; "" for none.
	problem string
	// check looks at the memories that were added, in the order of the records.
	check func(t *testing.T, added []queries.Memory, outcomes []Outcome)
}

func (f fixture) run(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{cmp.Or(f.path, "list.json"): f.text})
	_, dry := w.run(t, Options{Root: root, DryRun: true})
	report, outcomes := w.run(t, Options{Root: root})
	requireForetold(t, dry, outcomes)
	require.Equal(t, f.verdicts, verdicts(outcomes), rejected(outcomes))
	var added []queries.Memory
	var notes []string
	for _, o := range outcomes {
		if o.Verdict == Added {
			added = append(added, w.memory(t, o.ID))
		}
		for _, n := range o.Notes {
			notes = append(notes, string(n.Code)+" "+n.Field)
		}
	}
	if f.contents != nil {
		require.Equal(t, f.contents, each(added, func(m queries.Memory) string { return string(m.Content) }))
	}
	if f.notes != nil {
		require.Equal(t, f.notes, notes)
	}
	require.True(t, report.Verification.Complete(), report.Verification)
	require.Len(t, report.Files, 1)
	if f.problem == "" {
		require.Empty(t, report.Files[0].Problem)
	} else {
		require.Contains(t, report.Files[0].Problem, f.problem)
	}
	if f.check != nil {
		f.check(t, added, outcomes)
	}
}

// from returns where a memory says it came from.
func from(t *testing.T, m queries.Memory) map[string]any {
	t.Helper()
	var metadata map[string]any
	require.NoError(t, json.Unmarshal(m.Metadata, &metadata))
	return metadata[importedFrom].(map[string]any)
}

func TestRootShapes(t *testing.T) {
	t.Parallel()
	const one = `{"content": "x", "timestamp": "2026-01-01T10:00:00Z"}`
	const two = `{"content": "y", "timestamp": "2026-01-01T10:00:00Z"}`
	x := []string{`"x"`}
	for name, f := range map[string]fixture{
		"a list of objects":                {text: `[` + one + `,` + two + `]`, verdicts: "added added"},
		"an empty list":                    {text: `[]`},
		"an empty object":                  {text: `{}`},
		"one object":                       {text: one, verdicts: "added", contents: x},
		"memories":                         {text: `{"memories": [` + one + `]}`, verdicts: "added", contents: x},
		"memories null":                    {text: `{"memories": null}`},
		"data with a list":                 {text: `{"data": [` + one + `], "type": "export"}`, verdicts: "added", contents: x},
		"data with one object":             {text: `{"data": ` + one + `}`, verdicts: "added", contents: x},
		"data with memories":               {text: `{"data": {"memories": [` + one + `]}}`, verdicts: "added", contents: x},
		"data with data":                   {text: `{"data": {"data": {"data": [` + one + `]}}}`, verdicts: "added", contents: x},
		"data that is the content":         {text: `{"data": {"steps": 9000}, "id": "a", "timestamp": "2026-01-01"}`, verdicts: "added", contents: []string{`{"steps":9000}`}},
		"data that is a string":            {text: `{"data": "steps"}`, verdicts: "added", contents: []string{`"steps"`}},
		"data that lists no objects":       {text: `{"data": [1, 2]}`, verdicts: "added", contents: []string{`[1,2]`}},
		"an object in the place of a list": {text: `{"evolution_history": [], "memories": ` + one + `}`, verdicts: "added", contents: x},
		"a string":                         {text: `"x"`, verdicts: "rejected"},
		"no JSON at all":                   {text: `hello`, verdicts: "rejected"},
		"a list of anything":               {text: `[1, "x", null, [2], ` + one + `]`, verdicts: "rejected rejected rejected rejected added", contents: x},
		"a byte order mark":                {text: "\ufeff" + one, verdicts: "added", contents: x},
		"empty":                            {text: "", problem: "is empty"},
		"white space":                      {text: " \n\t", problem: "is empty"},
		"UTF-16":                           {text: "\xff\xfe[\x00]\x00", problem: "UTF-16"},
		"upper-case extension":             {path: "a/LIST.JSON", text: `[` + one + `]`, verdicts: "added", contents: x},
		"truncated in a record":            {text: `[` + one + `,{"content": "y`, verdicts: "added rejected", problem: "ends too early", contents: x},
		"truncated between records":        {text: `{"memories": [` + one + `,`, verdicts: "added", problem: "ends too early", contents: x},
		"truncated in a key":               {text: `{"memories": [` + one + `], "us`, verdicts: "added", problem: "ends too early", contents: x},
		"broken between members":           {text: `{"memories": [` + one + `], nonsense}`, verdicts: "added rejected", problem: "broken at byte", contents: x},
		"text after the end":               {text: `[` + one + `] and more`, verdicts: "added rejected", contents: x},
		"a record without its end":         {text: `[{"content": {"a": 1}, ` + one[1:len(one)-1] + `]`, verdicts: "rejected"},
		"a record with a bracket missing":  {text: `[{"content": [1}, ` + one + `]`, verdicts: "rejected added", contents: x},
		"a record with one too many":       {text: `[{"content": 1}}, ` + one + `]`, verdicts: "added added"},
		"commas missing and too many":      {text: `[,` + one + two + `,,]`, verdicts: "added added"},
	} {
		t.Run(name, f.run)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	const rest = `, "timestamp": "2026-01-01T10:00:00Z"}`
	record := func(members ...string) string {
		for i, m := range members {
			members[i] = "{" + m + rest
		}
		return "[" + strings.Join(members, ",") + "]"
	}
	for name, f := range map[string]fixture{
		"content of every kind": {
			text: record(`"content": {"a": [1, 2.5]}`, `"content": ["a"]`, `"content": "a"`, `"content": 42`, `"content": null`,
				`"value": 1, "text": "kept beside"`, `"mood": "good", "hrv": 50`),
			verdicts: "added added added added added added added",
			contents: []string{`{"a":[1,2.5]}`, `["a"]`, `"a"`, "42", "null", "1", `{"hrv":50,"mood":"good"}`},
			check: func(t *testing.T, added []queries.Memory, _ []Outcome) {
				require.Equal(t, map[string]any{"text": "kept beside"}, from(t, added[5])["fields"])
			},
		},
		"large content": {
			text:     record(`"content": "`+strings.Repeat("a", 9<<10)+`"`, `"content": "`+strings.Repeat("b", 1<<20-2)+`"`, `"content": "`+strings.Repeat("c", 1<<20)+`"`),
			verdicts: "added added rejected",
			check: func(t *testing.T, added []queries.Memory, outcomes []Outcome) {
				require.Len(t, added[0].Content, 9<<10+2)
				require.Len(t, added[1].Content, 1<<20)
				require.Contains(t, outcomes[2].Reason, "content: must be at most 1048576 bytes, got 1048578")
			},
		},
		"a record too large to be read": {
			text:     `[{"content": "` + strings.Repeat(" ", MaxRecordBytes) + `"}, {"content": "x"` + rest + `]`,
			verdicts: "rejected added",
		},
		"types": {
			text: record(`"content": 1, "type": "INSIGHT"`, `"content": 2, "memory_type": "Suggestion"`, `"content": 3, "type": "note"`,
				`"content": 4, "type": "chat"`, `"content": 5, "type": "DayDream"`, `"content": 6`, `"content": 7, "type": null`,
				`"content": 8, "type": "`+strings.Repeat("t", 51)+`"`),
			verdicts: "added added added added added added added rejected",
			notes:    []string{"type_unknown type", "type_unknown type"},
			check: func(t *testing.T, added []queries.Memory, outcomes []Outcome) {
				require.Equal(t, []string{"insight", "recommendation", "insight", "conversation", "DayDream", "observation", "observation"},
					each(added, func(m queries.Memory) string { return m.Type }))
				require.Contains(t, outcomes[7].Reason, "memory_type: must be 1 to 50 characters, got 51")
			},
		},
		"confidence": {
			text: record(`"content": 1, "confidence": "0.8"`, `"content": 2, "confidence": 1.5`, `"content": 3, "confidence": -1`,
				`"content": 4, "confidence": NaN`, `"content": 5, "confidence": null`, `"content": 6`, `"content": 7, "confidence": "high"`,
				`"content": 8, "confidence": Infinity`, `"content": 9, "confidence": "nan"`, `"content": 10, "confidence": 0.123456789`),
			verdicts: "added added added added added added added added added added",
			notes: []string{"confidence_clamped confidence", "confidence_clamped confidence", "not_a_number confidence",
				"confidence_unreadable confidence", "not_a_number confidence", "confidence_unreadable confidence"},
			check: func(t *testing.T, added []queries.Memory, _ []Outcome) {
				require.Equal(t, []float64{0.8, 1, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.123456789},
					each(added, func(m queries.Memory) float64 { return m.Confidence }))
				require.Equal(t, map[string]any{"confidence": 1.5}, from(t, added[1])["fields"], "what was not taken as written is kept")
			},
		},
		"characters": {
			text: record(`"content": "\ud83e\udde0 ümläut \u00e9"`, `"content": "a\u0000b"`, "\"content\": \"b\x00b\"", `"content": "c\ud83db"`, `"content": "\udde0"`,
				"\"content\": \"a\xff\"", "\"content\": \"a\tb\"", `"content": {"k": 1, "k": 2}`, `"content": {"a\u0000": [NaN, -Infinity]}`,
				`"content": `+strings.Repeat("7", 1101)),
			verdicts: "added added added added added added added added added added",
			contents: []string{`"🧠 ümläut é"`, "\"a\ufffdb\"", "\"b\ufffdb\"", "\"c\ufffdb\"", "\"\ufffd\"", "\"a\ufffd\"", `"a\tb"`,
				`{"k":2}`, "{\"a\ufffd\":[null,null]}", `"` + strings.Repeat("7", 1101) + `"`},
			notes: []string{"nul content", "nul content", "lone_surrogate content", "lone_surrogate content", "invalid_utf8 content",
				"control_character content", "duplicate_key content.k", "nul content", "not_a_number content.a\ufffd[0]",
				"not_a_number content.a\ufffd[1]", "long_number content"},
		},
		"no JSON inside": {
			text:     record(`"content": `, `'content': 1`, `"content": "\x"`, `"content": 01`, `"content": `+strings.Repeat("[", 600)+strings.Repeat("]", 600), `"content": "good"`),
			verdicts: "rejected rejected rejected rejected rejected added",
		},
		"life": {
			text: record(`"content": 1, "is_deleted": true`, `"content": 2, "is_deleted": false`, `"content": 3, "expires_at": "2031-01-01T00:00:00+02:00"`,
				`"content": 4, "expires_at": "2026-02-01"`, `"content": 5, "expires_at": "soon"`, `"content": 6, "is_deleted": "perhaps"`,
				`"content": 7, "is_deleted": 1`, `"content": 8, "valid_from": "2019-01-01T02:00:00+02:00", "valid_to": "2021-06-01"`,
				`"content": 9, "valid_from": null, "valid_to": "for good"`, `"content": 10, "valid_from": "2021-01-01", "valid_to": "2020-01-01"`),
			verdicts: "added added added added rejected rejected added added added rejected",
			notes:    []string{"time_unreadable valid_to"},
			check: func(t *testing.T, added []queries.Memory, _ []Outcome) {
				require.Equal(t, "forgotten", added[0].State)
				require.Equal(t, "active", added[1].State)
				require.Equal(t, "2030-12-31T22:00:00Z", added[2].ExpiresAt.Format(time.RFC3339))
				require.Equal(t, "expired", added[3].State)
				require.Equal(t, "2026-01-31T23:00:00Z", added[3].ExpiresAt.Format(time.RFC3339))
				require.Equal(t, "forgotten", added[4].State)
				require.Nil(t, added[4].ValidFrom)
				require.Equal(t, "2019-01-01T00:00:00Z", added[5].ValidFrom.Format(time.RFC3339))
				require.Equal(t, "2021-05-31T22:00:00Z", added[5].ValidTo.Format(time.RFC3339))
				require.Nil(t, added[6].ValidTo)
				require.Equal(t, map[string]any{"valid_to": "for good"}, from(t, added[6])["fields"])
			},
		},
		"metadata": {
			text:     record(`"content": 1, "metadata": {"a": {"b": 1}}`, `"content": 2, "metadata": [1]`, `"content": 3, "metadata": null`, `"content": 4, "metadata": {"a": "`+strings.Repeat("m", 64<<10)+`"}`),
			verdicts: "added added added rejected",
			notes:    []string{"metadata_wrapped metadata"},
			check: func(t *testing.T, added []queries.Memory, _ []Outcome) {
				require.JSONEq(t, `{"a": {"b": 1}, "imported_from": {"file": "list.json"}}`, string(added[0].Metadata))
				require.JSONEq(t, `{"value": [1], "imported_from": {"file": "list.json"}}`, string(added[1].Metadata))
			},
		},
		"ids": {
			text: record(`"content": 1, "id": "3F2504E0-4F89-41D3-9A0C-0305E82C3301"`, `"content": 2, "id": "mem_1"`, `"content": 3, "id": 7`,
				`"content": 4`, `"content": 4`, `"content": 5, "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"`, `"content": 6, "id": "00000000-0000-0000-0000-000000000000"`),
			verdicts: "added added added added duplicate rejected added",
			notes:    []string{"id_derived id", "id_derived id", "id_derived id"},
			check: func(t *testing.T, added []queries.Memory, outcomes []Outcome) {
				require.Equal(t, "3f2504e0-4f89-41d3-9a0c-0305e82c3301", added[0].ID.String())
				require.EqualValues(t, 7, added[1].ID.Version())
				require.Equal(t, map[string]any{"id": "mem_1"}, from(t, added[1])["fields"])
				require.Equal(t, "the same record as list.json [3]", outcomes[4].Reason)
				require.Equal(t, `id: another record has the same id, "list.json [0]"`, outcomes[5].Reason)
			},
		},
	} {
		t.Run(name, f.run)
	}
}

func TestTimes(t *testing.T) {
	fixture{
		text: `[{"content": 1, "timestamp": "2026-01-05T10:00:00"}, {"content": 2, "timestamp": "2026-01-05 10:00:00.123456"},
			{"content": 3, "created_at": "2026-01-05T10:00:00Z"}, {"content": 4, "timestamp": "2026-01-05T10:00:00.5+05:30"},
			{"content": 5, "timestamp": "2026-03-29T02:30:00"}, {"content": 6, "timestamp": "2025-10-26T02:30:00"},
			{"content": 7}, {"content": 8, "timestamp": "yesterday", "updated_at": "2026-01-05T10:00Z"}, {"content": 9, "timestamp": 1767607200.25}]`,
		verdicts: "added added added added added added added added added",
		notes:    []string{"time_in_gap timestamp", "time_in_overlap timestamp", "time_missing timestamp", "time_unreadable timestamp"},
		check: func(t *testing.T, added []queries.Memory, _ []Outcome) {
			require.Equal(t, []string{"2026-01-05T09:00:00Z", "2026-01-05T09:00:00.123456Z", "2026-01-05T10:00:00Z", "2026-01-05T04:30:00.5Z",
				"2026-03-29T01:30:00Z", "2025-10-26T00:30:00Z", "2026-05-01T12:00:00Z", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00.25Z"},
				each(added, func(m queries.Memory) string { return m.CreatedAt.Format(time.RFC3339Nano) }))
			require.Equal(t, map[string]any{"timestamp": "2026-03-29T02:30:00"}, from(t, added[4])["fields"], "a naive time is kept as written")
			require.NotContains(t, from(t, added[2]), "fields")
		},
	}.run(t)
}
