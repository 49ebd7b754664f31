package sample

import (
	"bytes"
	"slices"
	"strings"
)

// oddity is an irregular file, with the expected result of its import.
type oddity struct {
	path  string
	e     expect
	value any
}

// curious is the agent of most oddities.
const curious = "curator"

// memories returns a file of memories of the curious agent; all but the duplicates and rejects are added.
func memories(path string, e expect, records ...any) oddity {
	e.added = map[string]int{curious: len(records) - e.duplicate - e.rejected}
	return oddity{path: "oddities/" + path, e: e, value: object{{"agent_id", curious}, {"user_id", User}, {"memories", list(records)}}}
}

// about returns a record with a content and other members.
func about(content any, members ...pair) object {
	return append(object{{"content", content}, {"timestamp", "2026-01-05T10:00:00"}}, members...)
}

func (w *writer) oddities() error {
	for _, o := range slices.Concat(oddFiles(), oddValues(), oddSpecialists()) {
		if err := w.file(o.path, o.e, o.value); err != nil {
			return err
		}
	}
	return nil
}

// before truncates a file at a word.
func before(file []byte, word string) verbatim {
	head, _, _ := bytes.Cut(file, []byte(word))
	return verbatim(head)
}

// oddFiles returns files of unusual shapes, and broken ones.
func oddFiles() []oddity {
	one := func(n int) expect { return expect{added: map[string]int{curious: n}} }
	whole := encode(object{{"agent_id", curious}, {"user_id", User}, {"memories", list{about("before the end, 1"), about("before the end, 2"), about("lost in the middle")}}})
	return []oddity{
		{path: "oddities/root_empty_object.json", value: object{}},
		{path: "oddities/root_empty_list.json", value: list{}},
		{path: "oddities/root_text.json", e: expect{rejected: 1}, value: "only a text"},
		{path: "oddities/empty.json", e: expect{problem: true}, value: verbatim("")},
		{path: "oddities/truncated.json", e: expect{added: map[string]int{curious: 2}, rejected: 1, problem: true},
			value: before(whole, "middle")},
		{path: "oddities/byte_order_mark.json", e: one(1), value: verbatim("\ufeff" + string(encode(object{{"agent_id", curious}, {"user_id", User}, {"content", "after a byte order mark"}})))},
		{path: "oddities/utf16.json", e: expect{problem: true}, value: verbatim("\xff\xfe{\x00}\x00")},
		{path: "oddities/list_of_mixed.json", e: expect{added: map[string]int{curious: 1}, rejected: 3},
			value: list{5, "a text", nil, about("the only object", pair{"agent_id", curious}, pair{"user_id", User})}},
		{path: "oddities/broken_records.json", e: expect{added: map[string]int{curious: 2}, rejected: 2},
			value: list{about("before the broken one", pair{"agent_id", curious}, pair{"user_id", User}), verbatim(`{"content": }`),
				verbatim(`{'content': 'single quotes'}`), about("after the broken ones", pair{"agent_id", curious}, pair{"user_id", User})}},
		{path: "oddities/trailing.json", e: expect{added: map[string]int{curious: 1}, rejected: 1},
			value: verbatim(string(encode(about("with something behind", pair{"agent_id", curious}, pair{"user_id", User}))) + "\n]]")},
		{path: "oddities/wrapped_twice.json", e: one(1),
			value: object{{"data", object{{"data", list{about("wrapped twice", pair{"agent_id", curious}, pair{"user_id", User})}}}}}},
		{path: "oddities/curator.json", e: one(1), value: list{object{{"text", "named by its file"}, {"user_id", User}}}},
	}
}

// oddValues returns files of records with unusual values.
func oddValues() []oddity {
	const same = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	return []oddity{
		memories("times.json", expect{rejected: 1},
			object{{"content", "without a fraction"}, {"timestamp", "2026-01-05T10:00:00"}},
			object{{"content", "with a fraction"}, {"timestamp", "2026-01-05T10:00:00.123456"}},
			object{{"content", "in UTC"}, {"timestamp", "2026-01-05T10:00:00Z"}},
			object{{"content", "with an offset"}, {"created_at", "2026-01-05T10:00:00+05:30"}},
			object{{"content", "in the gap of spring"}, {"timestamp", "2026-03-29T02:30:00"}},
			object{{"content", "in the overlap of autumn"}, {"timestamp", "2025-10-26T02:30:00"}},
			object{{"content", "at no time"}}, object{{"content", "at an unreadable time"}, {"timestamp", "yesterday"}},
			object{{"content", "in seconds"}, {"timestamp", 1767607200.5}},
			about("until an unreadable time", pair{"expires_at", "soon"})),
		memories("types.json", expect{},
			about("upper case", pair{"type", "INSIGHT"}), about("alias suggestion", pair{"memory_type", "Suggestion"}),
			about("alias note", pair{"type", "note"}), about("alias chat", pair{"type", "chat"}),
			about("unknown type", pair{"type", "daydream"}), about("no type")),
		memories("confidence.json", expect{},
			about("as a text", pair{"confidence", "0.8"}), about("too high", pair{"confidence", 1.5}), about("too low", pair{"confidence", -1}),
			about("not a number", pair{"confidence", verbatim("NaN")}), about("null", pair{"confidence", nil}), about("a word", pair{"confidence", "high"})),
		memories("content.json", expect{rejected: 1},
			about(object{{"kind", "object"}, {"readings", list{1, 2.5, nil, true}}}), about(list{"a", "list"}), about("a text"), about(42), about(nil),
			object{{"timestamp", "2026-01-05T10:00:00"}, {"sleep_quality", "content is absent"}, {"hrv", 52}},
			about("both", pair{"text", "and text"}, pair{"tags", list{"kept"}}),
			about(strings.Repeat("nine kilobytes of text. ", 384)), about(strings.Repeat("one megabyte of text.. ", 43690)),
			about(strings.Repeat("too long a text to be kept. ", 40000))),
		memories("characters.json", expect{},
			about("emoji 🧠💪🏽 and ümläuts"), about(verbatim(`"a NUL \u0000 inside"`)), about(verbatim(`"a lone surrogate \ud83d inside"`)),
			about(verbatim("\"bytes that are \xff\xfe no UTF-8\"")), about(verbatim("\"an unescaped\ttab\"")),
			about(object{{"hrv", list{verbatim("NaN"), verbatim("Infinity"), verbatim("-Infinity")}}}),
			about(verbatim(`{"key": "first", "key": "last"}`)), about(verbatim(strings.Repeat("7", 1200)))),
		memories("life.json", expect{}, about("deleted", pair{"is_deleted", true}), about("not deleted", pair{"is_deleted", false}),
			about("expires one day", pair{"expires_at", "2031-01-01T00:00:00Z"}), about("has expired", pair{"expires_at", "2026-02-01T00:00:00"})),
		memories("metadata.json", expect{}, about("a list", pair{"metadata", list{1}}), about("null", pair{"metadata", nil}),
			about("an object", pair{"metadata", object{{"imported_from", "the record's own"}}})),
		memories("ids_first.json", expect{duplicate: 1}, about("the first of its id", pair{"id", same}), about("no UUID", pair{"id", "mem_001"}),
			about("a number as id", pair{"id", 7}), about("twice in a file"), about("twice in a file")),
		memories("ids_second.json", expect{duplicate: 1, rejected: 1}, about("the first of its id", pair{"id", same}),
			about("another of that id", pair{"id", same})),
	}
}

// oddSpecialists returns specialist files with missing and broken parts.
func oddSpecialists() []oddity {
	evolution := func(members ...pair) object {
		return append(object{{"timestamp", "2026-02-03T08:15:00"}, {"interaction_type", "user_interaction"}}, members...)
	}
	learned := evolution(pair{"learning", "Anna prefers short answers."}, pair{"confidence_delta", verbatim("NaN")})
	whole := encode(object{{"relationship_score", 0.7}, {"evolution_history", list{learned, evolution(pair{"learning", "cut off"})}}})
	return []oddity{
		{path: "yoga_teacher/specialist_memory.json", value: object{}},
		{path: "sleep_nurse/specialist_memory.json", e: expect{problem: true}, value: verbatim("\n")},
		{path: "massage_therapist/specialist_memory.json", e: expect{added: map[string]int{"massage_therapist": 2}, rejected: 1, problem: true},
			value: before(whole, "cut off")},
		{path: "dentist/specialist_memory.json", e: expect{added: map[string]int{"dentist": 1}, duplicate: 1, rejected: 3}, value: object{
			{"evolution_history", list{learned, learned, evolution(pair{"confidence_delta", 0.1}),
				object{{"timestamp", "never"}, {"interaction_type", "collaboration"}, {"learning", "x"}, {"confidence_delta", 0.0}}}},
			{"hypotheses", nil}, {"relationship_score", verbatim("NaN")}}},
	}
}
