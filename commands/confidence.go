package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// AdjustConfidence sets the confidence of an active memory, 0..1.
func (h *Handler) AdjustConfidence(ctx context.Context, req Request, id uuid.UUID, confidence float64) (Receipt, error) {
	body := func() canonjson.Value { return canonjson.NewObject(nil).Float("confidence", confidence).Done() }
	return h.change(ctx, req, "adjust_confidence", id, body, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.AdjustConfidence(confidence, now)
	})
}

// RecordEvidence moves the confidence of an active memory by the weight of the evidence.
func (h *Handler) RecordEvidence(ctx context.Context, req Request, id uuid.UUID, e memory.Evidence) (Receipt, error) {
	return h.change(ctx, req, "record_evidence", id, e.JSON, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.RecordEvidence(e, now)
	})
}
