package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// SetExpiry says when an active memory expires; nil means never.
func (h *Handler) SetExpiry(ctx context.Context, req Request, id uuid.UUID, expiresAt *time.Time) (Receipt, error) {
	body := func() canonjson.Value { return canonjson.NewObject(nil).Time("expires_at", expiresAt).Done() }
	return h.change(ctx, req, "set_expiry", id, body, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.SetExpiry(expiresAt, now)
	})
}
