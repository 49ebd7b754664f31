package sample

import (
	"slices"
	"time"
)

// specialist is one agent with a specialist_memory.json.
type specialist struct {
	agent string
	path  string
	// share of all records, in per cent.
	share int
	// starts is how often the old program was started; each start added the initial hypotheses again. 0 omits the key.
	starts int
}

func (w *writer) specialists() error {
	for _, s := range []specialist{
		{agent: "neuroscientist", path: "neuroscientist", share: 42, starts: 3},
		{agent: "nutritionist", path: "nutritionist", share: 16, starts: 2},
		{agent: "fitness_coach", path: "coach", share: 14, starts: 1},
		{agent: "physical_therapist", path: "specialist_memory/physical_therapist", share: 10, starts: 1},
		{agent: "medical_esthetician", path: "medical_esthetician", share: 6},
	} {
		n := max(3, w.records*s.share/100)
		memory := object{{"evolution_history", w.evolution(s.agent, n)}, {"relationship_score", w.unit(0.4, 0.9)}}
		hypotheses := w.hypotheses(s)
		if s.starts > 0 {
			memory = append(memory, pair{"hypotheses", hypotheses})
		}
		e := expect{added: map[string]int{s.agent: n + len(hypotheses) + 1}}
		if err := w.file(s.path+"/specialist_memory.json", e, memory); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) evolution(agent string, n int) list {
	history := make(list, n)
	for i, at := range w.moments(n) {
		record := object{
			{"timestamp", at},
			{"interaction_type", w.pick("user_interaction", "user_interaction", "user_interaction", "collaboration", "reflection")},
			{"learning", w.text(agent, "Anna")},
			{"confidence_delta", w.unit(-0.05, 0.1)},
		}
		if w.rng.IntN(10) > 0 {
			record = append(record, pair{"relationship_impact", w.unit(0, 0.05)})
		}
		history[i] = record
	}
	return history
}

// hypotheses returns the initial hypotheses, once for each start; some of the first start were tested.
func (w *writer) hypotheses(s specialist) list {
	var all list
	for start := range s.starts {
		for i, statement := range beliefs(s.agent) {
			h := object{{"id", w.uuid()}, {"statement", statement}, {"confidence", w.unit(0.3, 0.7)}}
			if start == 0 && i%2 == 0 {
				tested := w.until.Add(-time.Duration(w.rng.IntN(2000)) * time.Hour)
				tested = time.Date(tested.Year(), tested.Month(), tested.Day(), 18, 30, 0, 0, time.UTC)
				h = append(h, pair{"evidence_for", list{w.sentence(s.agent, "Anna"), w.sentence(s.agent, "Anna")}},
					pair{"evidence_against", list{w.sentence(s.agent, "Anna")}},
					pair{"test_count", 1 + w.rng.IntN(6)}, pair{"last_tested", tested})
			} else if i%3 != 2 {
				h = append(h, pair{"evidence_for", list{}}, pair{"evidence_against", list{}}, pair{"test_count", 0}, pair{"last_tested", nil})
			}
			all = append(all, h)
		}
	}
	return all
}

// exports writes flat lists in every shape, about half of them about the other user.
func (w *writer) exports() error {
	n := max(2, w.records*3/100)
	for _, export := range []struct {
		name, agent string
		value       any
	}{
		{"nutritionist_" + OtherUser + ".json", "nutritionist", w.flat("nutritionist", n)},
		{"2026/spring/observations.JSON", "fitness_coach",
			object{{"agent_id", "fitness_coach"}, {"user_id", OtherUser}, {"memories", w.flat("fitness_coach", n)}}},
		{"medical_esthetician.json", "medical_esthetician", object{{"exported_at", w.until}, {"data", w.flat("medical_esthetician", n)}}},
		{"physical_therapist/latest.json", "physical_therapist", object{{"data", object{{"memories", w.flat("physical_therapist", n)}}}}},
	} {
		if err := w.file("exports/"+export.name, expect{added: map[string]int{export.agent: n}}, export.value); err != nil {
			return err
		}
	}
	one := object{{"agent_id", "nutritionist"}, {"user_id", User}, {"type", "fact"}, {"content", "Anna is allergic to hazelnuts."},
		{"confidence", 1.0}, {"timestamp", "2025-11-02T09:00:00+01:00"}, {"metadata", object{{"severity", "high"}}}}
	return w.file("exports/allergy.json", expect{added: map[string]int{"nutritionist": 1}}, one)
}

func (w *writer) flat(agent string, n int) list {
	kinds := []string{"observation", "recommendation", "suggestion", "insight", "note", "conversation", "chat", "fact"}
	records := make(list, n)
	for i, at := range w.moments(n) {
		record := object{{"id", w.uuid()}, {"type", kinds[i%len(kinds)]}}
		switch i % 4 {
		case 0:
			record = append(record, pair{"content", object{{"text", w.text(agent, "Ben")}, {"mood", w.pick("calm", "tired", "glad")}}})
		case 1:
			record = append(record, pair{"text", w.text(agent, "Ben")})
		default:
			record = append(record, pair{"content", w.text(agent, "Ben")})
		}
		record = append(record, pair{"confidence", w.unit(0.2, 1)}, pair{"timestamp", at})
		if i%3 == 0 {
			record = append(record, pair{"metadata", object{{"session", i / 3}, {"tags", list{agent, w.pick("home", "clinic", "call")}}}})
		}
		records[i] = slices.Clip(record)
	}
	return records
}
