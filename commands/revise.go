package commands

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
)

// Revise says what to change about a memory; what is nil stays as it is, and at least one must not be.
type Revise struct {
	Type     *string         `json:"memory_type,omitempty" minLength:"1" maxLength:"50" doc:"The new type; default is to keep it."`
	Content  json.RawMessage `json:"content,omitempty" doc:"The new content, any JSON value; default is to keep it."`
	Metadata json.RawMessage `json:"metadata,omitempty" nullable:"false" doc:"The new metadata, as a whole; default is to keep it."`
}

// Revise changes the type, content or metadata of an active memory.
func (h *Handler) Revise(ctx context.Context, req Request, id uuid.UUID, r Revise) (Receipt, error) {
	if r.Type == nil && r.Content == nil && r.Metadata == nil {
		return Receipt{}, domain.Invalidf("", "nothing to revise: content, metadata or memory_type is needed")
	}
	return h.change(ctx, req, "revise", id, r, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.Revise(memory.Revision{Type: r.Type, Content: r.Content, Metadata: r.Metadata}, now)
	})
}
