package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/memory"
)

// AdjustConfidence sets the confidence of an active memory, 0..1.
func (h *Handler) AdjustConfidence(ctx context.Context, req Request, id uuid.UUID, confidence float64) (Receipt, error) {
	return h.change(ctx, req, "adjust_confidence", id, confidence, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.AdjustConfidence(confidence, now)
	})
}

// Evidence is an observation for or against a memory.
type Evidence struct {
	Supports bool `json:"supports" doc:"Whether it speaks for the memory or against it."`
	// Weight is 0..1; default memory.DefaultWeight.
	Weight *float64 `json:"weight,omitempty" minimum:"0" maximum:"1" default:"0.1" doc:"How far it moves the confidence."`
	Note   string   `json:"note,omitempty" maxLength:"2000" doc:"What was observed."`
}

// RecordEvidence moves the confidence of an active memory by the weight of the evidence.
func (h *Handler) RecordEvidence(ctx context.Context, req Request, id uuid.UUID, e Evidence) (Receipt, error) {
	return h.change(ctx, req, "record_evidence", id, e, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.RecordEvidence(memory.Evidence{Supports: e.Supports, Weight: e.Weight, Note: e.Note}, now)
	})
}
