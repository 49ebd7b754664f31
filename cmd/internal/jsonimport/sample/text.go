package sample

import (
	"fmt"
	"strings"
)

// words returns the words for each {slot} in a sentence.
func words() map[string][]string {
	return map[string][]string{
		"hours":    {"5.5", "6", "6.5", "7", "7.5", "8", "8.5"},
		"feel":     {"rested", "foggy", "calm", "irritable", "clear-headed", "exhausted", "surprisingly alert"},
		"evening":  {"a walk by the river", "reading on paper", "a late espresso", "an hour of e-mail in bed", "magnesium before bed", "a hot shower", "ten minutes of breathing"},
		"time":     {"21:30", "22:00", "22:45", "23:15", "midnight", "00:40"},
		"hrv":      {"38", "41", "47", "52", "58", "63"},
		"task":     {"deep work", "the budget report", "piano practice", "Spanish vocabulary", "a long meeting"},
		"grams":    {"18", "25", "30", "35", "42"},
		"food":     {"lentils", "skyr", "salmon", "oat porridge", "chickpea curry", "eggs on rye", "tofu and rice", "crème fraîche with berries"},
		"meal":     {"breakfast", "lunch", "dinner", "the snack after training"},
		"reaction": {"felt full until the evening", "was hungry again after two hours", "had a bloated stomach", "had steady energy", "craved sweets"},
		"exercise": {"goblet squats", "deadlifts", "step-ups", "push-ups", "a tempo run", "interval rowing", "hill sprints"},
		"load":     {"20 kg", "32 kg", "45 kg", "60 kg", "body weight"},
		"effort":   {"easy", "hard but clean", "shaky in the last set", "better than last week", "cut short"},
		"joint":    {"left knee", "right knee", "lower back", "right shoulder", "left ankle", "neck"},
		"therapy":  {"isometric wall sits", "hip hinges with a stick", "thoracic rotations", "eccentric heel drops", "banded side steps"},
		"pain":     {"1 of 10", "2 of 10", "4 of 10", "5 of 10", "gone"},
		"product":  {"azelaic acid", "retinal at night", "vitamin C serum", "zinc sunscreen", "a ceramide cream", "niacinamide"},
		"skin":     {"redness on the cheeks", "dryness around the nose", "breakouts on the chin", "dark spots on the forehead", "tightness after washing"},
		"change":   {"faded within two weeks", "stayed the same", "got worse for three days and then settled", "came back after the holiday"},
		"weather":  {"in the cold spell", "after a week of sun", "during the pollen season", "since the heating is on"},
	}
}

// sentences returns what agents learn, by agent.
func sentences() map[string][]string {
	return map[string][]string{
		"neuroscientist": {
			"{name} slept {hours} hours and felt {feel} in the morning.",
			"{name} went to bed at {time} after {evening} and woke up {feel}.",
			"Heart rate variability was {hrv} ms overnight; {name} had spent the evening with {evening}.",
			"Screen light until {time} goes with a restless night for {name}.",
			"{name} could concentrate on {task} for ninety minutes after {hours} hours of sleep.",
			"Stress before {task} dropped when {name} tried {evening}.",
			"{name} reports waking at 3 a.m. and being {feel} for the rest of the day.",
			"A nap of twenty minutes left {name} {feel}; bedtime moved to {time}.",
		},
		"nutritionist": {
			"{name} had {grams} g of protein at {meal}, mostly {food}, and {reaction}.",
			"With {food} at {meal} {name} {reaction}.",
			"{name} skipped {meal} and {reaction}.",
			"Protein of {grams} g within an hour of training suits {name}; {food} is the easiest source.",
			"{name} drinks too little water; a bottle beside {food} at {meal} helps.",
			"Replacing sugar at {meal} by {food}: {name} {reaction}.",
		},
		"fitness_coach": {
			"{name} did {exercise} with {load}; it was {effort}.",
			"Three sets of {exercise} after {hours} hours of sleep were {effort} for {name}.",
			"{name} wants to train before work; {exercise} at {load} was {effort}.",
			"Form on {exercise} is stable at {load}; next step is one more repetition for {name}.",
			"{name} asked for a lighter week: {exercise} was {effort} and the {joint} complained.",
		},
		"physical_therapist": {
			"The {joint} of {name} hurts at {pain} after {exercise}.",
			"{name} did {therapy} daily; pain in the {joint} is {pain}.",
			"Stairs are the test for the {joint}: {pain} today, after {therapy}.",
			"{name} sits for {hours} hours at work; {therapy} each hour eases the {joint}.",
			"Swelling of the {joint} {change}; {name} keeps doing {therapy}.",
		},
		"medical_esthetician": {
			"{name} used {product} for {skin}, which {change}.",
			"{skin} {weather}: {name} switches to {product}.",
			"{product} and sun do not go together for {name}; {skin} {change}.",
			"{name} tolerates {product} every other evening; {skin} {change}.",
		},
	}
}

// beliefs returns the initial hypotheses of an agent.
func beliefs(agent string) []string {
	return map[string][]string{
		"neuroscientist": {"Late screens shorten Anna's deep sleep.", "A walk after dinner raises Anna's heart rate variability.",
			"Caffeine after 14:00 costs Anna half an hour of sleep.", "Anna's focus follows her sleep of two nights before."},
		"nutritionist": {"Thirty grams of protein at breakfast keep Anna full until lunch.", "Anna digests legumes better when they were soaked.",
			"Anna mistakes thirst for hunger in the afternoon."},
		"fitness_coach":      {"Anna progresses best on two heavy days a week.", "Morning training suits Anna better than evening training."},
		"physical_therapist": {"Anna's knee pain comes from weak hips.", "Anna's back pain follows long meetings."},
	}[agent]
}

// text returns the text of a record.
func (w *writer) text(agent, name string) string {
	told := make([]string, w.sentences)
	for i := range told {
		told[i] = w.sentence(agent, name)
	}
	return strings.Join(told, " ")
}

// sentence returns something that an agent learned about a person.
func (w *writer) sentence(agent, name string) string {
	text := strings.ReplaceAll(w.pick(sentences()[agent]...), "{name}", name)
	for {
		slot, rest, found := strings.Cut(text, "{")
		if !found {
			return strings.ToUpper(text[:1]) + text[1:]
		}
		key, rest, _ := strings.Cut(rest, "}")
		text = slot + w.pick(words()[key]...) + rest
	}
}

// knowledgeBase writes a knowledge_base.json.
func (w *writer) knowledgeBase() error {
	entries := list{}
	for i, entry := range [][3]string{
		{"Sleep pressure", "sleep", "Adenosine builds up while we are awake and makes us sleepy; caffeine hides it for hours."},
		{"Light in the evening", "sleep", "Bright light after sunset delays melatonin; dim and warm light does not."},
		{"Protein per day", "nutrition", "1.6 g of protein per kilogram of body weight is enough for most who train."},
		{"Protein timing", "nutrition", "The daily amount matters more than the hour; spread it over three or four meals."},
		{"Iron and coffee", "nutrition", "Coffee with a meal halves the uptake of iron from plants."},
		{"Knee pain on stairs", "therapy", "Pain in front of the knee often eases with stronger hips and slower descents."},
		{"Tendons", "therapy", "Tendons adapt to slow, heavy load over months and get worse with complete rest."},
		{"Retinoids", "skin", "Retinoids make skin sensitive to the sun; use them at night and sunscreen by day."},
		{"Azelaic acid", "skin", "Azelaic acid helps against redness and is safe during pregnancy."},
		{"Progressive overload", "training", "Raise load, repetitions or range, but one at a time."},
		{"Deload weeks", "training", "A week of half the volume every fifth week keeps progress going."},
		{"Breathing", "stress", "Breathing out longer than in slows the heart within a minute. 🫁"},
	} {
		entries = append(entries, object{
			{"id", fmt.Sprintf("kb_%03d", i+1)}, {"title", entry[0]}, {"content", entry[2]}, {"category", entry[1]},
			{"tags", list{entry[1], "basics"}}, {"source", "team handbook"}, {"confidence_score", w.unit(0.8, 1)},
			{"last_updated", w.until.AddDate(0, 0, -7*i).Format("2006-01-02")},
		})
	}
	base := object{{"knowledge_base", object{
		{"metadata", object{{"version", "1.2"}, {"entries", len(entries)}}},
		{"entries", entries},
	}}}
	return w.file("knowledge_base.json", expect{added: map[string]int{"knowledge_base": len(entries)}}, base)
}
