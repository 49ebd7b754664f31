package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
)

// Revise changes the type, content or metadata of an active memory; at least one of them must be given.
func (h *Handler) Revise(ctx context.Context, req Request, id uuid.UUID, r memory.Revision) (Receipt, error) {
	if r.IsZero() {
		return Receipt{}, domain.Invalidf("", "content, metadata or memory_type must be given")
	}
	return h.change(ctx, req, "revise", id, r.JSON, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.Revise(r, now)
	})
}
