package memory

import (
	"math"
	"time"

	"github.com/auren-memory/auren/domain"
)

// DefaultWeight is the weight of evidence that names none.
const DefaultWeight = 0.1

// AdjustConfidence sets the confidence of an active memory. The same value again is no event.
func (m *Memory) AdjustConfidence(to float64, now time.Time) (Event, error) {
	if err := checkUnit("confidence", to); err != nil {
		return nil, err
	}
	if err := m.active(now); err != nil {
		return nil, err
	}
	if to == m.now.Confidence {
		return nil, nil
	}
	return ConfidenceAdjusted{From: m.now.Confidence, To: to}, nil
}

// Evidence is an observation for or against a memory.
type Evidence struct {
	Supports bool
	Weight   *float64 // 0..1; default DefaultWeight
	Note     string   // at most MaxNote characters
}

// RecordEvidence moves the confidence c of an active memory towards 1 or 0 by the weight w of the evidence:
// c + w(1-c) where it supports, c - w·c where it contradicts. It is always an event, even where the
// confidence stays as it is, since the observation was made.
func (m *Memory) RecordEvidence(ev Evidence, now time.Time) (Event, error) {
	weight := DefaultWeight
	if ev.Weight != nil {
		weight = *ev.Weight
	}
	if err := checkUnit("weight", weight); err != nil {
		return nil, err
	}
	if err := domain.CheckText("note", ev.Note, MaxNote); err != nil {
		return nil, err
	}
	if err := m.active(now); err != nil {
		return nil, err
	}
	from := m.now.Confidence
	to := from - weight*from
	if ev.Supports {
		to = from + weight*(1-from)
	}
	return EvidenceRecorded{Supports: ev.Supports, Weight: weight, Note: ev.Note, From: from, To: tidy(to)}, nil
}

// tidy keeps twelve decimals, which hides the noise of binary fractions (0.55, not 0.5500000000000001).
func tidy(confidence float64) float64 {
	return min(1, max(0, math.Round(confidence*1e12)/1e12))
}
