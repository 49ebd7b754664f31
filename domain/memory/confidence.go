package memory

import (
	"math"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// DefaultWeight is the default weight of evidence.
const DefaultWeight = 0.1

// AdjustConfidence sets the confidence of an active memory. It returns no event if the value is the same.
func (m *Memory) AdjustConfidence(to float64, now time.Time) (Event, error) {
	if err := domain.CheckUnit("confidence", to); err != nil {
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

// Evidence is an observation for or against a memory. Its tags describe it to all transports.
type Evidence struct {
	Supports bool     `json:"supports" doc:"Whether it speaks for the memory or against it."`
	Weight   *float64 `json:"weight,omitempty" minimum:"0" maximum:"1" default:"0.1" doc:"How far it moves the confidence."`
	Note     string   `json:"note,omitempty" maxLength:"2000" doc:"What was observed."`
}

// JSON returns the evidence as it was sent, for comparing repeated commands.
func (e Evidence) JSON() canonjson.Value {
	return write([]member{{"note", &e.Note}, {"supports", &e.Supports}, {"weight", &e.Weight}})
}

// RecordEvidence moves the confidence c of an active memory towards 1 or 0 by the weight w of the evidence:
// c + w(1-c) if it supports, c - w·c if it contradicts. It always returns an event, even if the confidence does not
// change, since the observation was made.
func (m *Memory) RecordEvidence(ev Evidence, now time.Time) (Event, error) {
	weight := DefaultWeight
	if ev.Weight != nil {
		weight = *ev.Weight
	}
	if err := domain.CheckUnit("weight", weight); err != nil {
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
	return EvidenceRecorded{Supports: ev.Supports, Weight: weight, Note: ev.Note, From: from, To: roundConfidence(to)}, nil
}

// roundConfidence keeps twelve decimals, which hides the noise of binary fractions (0.55, not 0.5500000000000001).
func roundConfidence(confidence float64) float64 {
	return min(1, max(0, math.Round(confidence*1e12)/1e12))
}
