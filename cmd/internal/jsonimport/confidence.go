package jsonimport

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/auren-memory/auren/domain/memory"
)

// confidence reads the confidence of a record, a number or a string that holds one, and clamps it to 0..1. Anything
// else yields DefaultConfidence. exact is false if the value differs from what the record says.
func (d *draft) confidence(name string, raw json.RawMessage) (value float64, exact bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return memory.DefaultConfidence, true
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(textOf(raw)), 64)
	switch {
	case err != nil || math.IsNaN(value) || math.IsInf(value, 0):
		d.note(NoteConfidenceUnread, name, "%s is not a number; %v was used", excerpt(raw), memory.DefaultConfidence)
		return memory.DefaultConfidence, false
	case value < 0 || value > 1:
		clamped := min(1, max(0, value))
		d.note(NoteConfidenceClamped, name, "%s is outside 0..1; %v was used", excerpt(raw), clamped)
		return clamped, false
	}
	return value, true
}

// takeConfidence reads the confidence of the memory from a field, which stays among the fields if it was not used as it is.
func (d *draft) takeConfidence(name string) {
	confidence, exact := d.confidence(name, d.fields[name])
	d.record.Draft.Confidence = &confidence
	if exact {
		d.fields.take(name)
	}
}
