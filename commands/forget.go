package commands

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/memory"
)

// Forget hides a memory until it is restored; it writes nothing if the memory is already forgotten.
func (h *Handler) Forget(ctx context.Context, req Request, id uuid.UUID) (Receipt, error) {
	return h.change(ctx, req, "forget", id, nil, (*memory.Memory).Forget)
}

// Restore brings a forgotten or expired memory back; it writes nothing if the memory is active.
func (h *Handler) Restore(ctx context.Context, req Request, id uuid.UUID) (Receipt, error) {
	return h.change(ctx, req, "restore", id, nil, (*memory.Memory).Restore)
}
