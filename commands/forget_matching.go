package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// Find returns up to limit ids, in ascending order and above after, of the memories that a filter matches.
type Find func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error)

// Forgotten says what ForgetMatching did.
type Forgotten struct {
	// Matched is how many memories were found.
	Matched int `json:"matched"`
	// Forgotten is how many of them were forgotten by this command; the others were not active any more.
	Forgotten int `json:"forgotten"`
	// SequenceID is that of the last event written; 0 if none was.
	SequenceID int64 `json:"sequence_id"`
}

// ForgetMatching forgets every memory that find returns, several hundred in one transaction. What was forgotten
// stays so when it is interrupted; to repeat it forgets the rest. Finding is the caller's, because commands do
// not read the read models; each memory is decided from its own stream all the same.
func (h *Handler) ForgetMatching(ctx context.Context, req Request, find Find) (Forgotten, error) {
	// A command id would have to cover many transactions; forgetting twice is harmless, so it is only recorded.
	req, command, err := prepare(Request{Tenant: req.Tenant, Meta: req.Meta}, "forget_matching", uuid.Nil, nil)
	if err != nil {
		return Forgotten{}, err
	}
	command.ID = ""
	var total Forgotten
	for after := uuid.Nil; ; {
		ids, err := find(ctx, after, forgetPage)
		if err != nil || len(ids) == 0 {
			return total, err
		}
		if err := h.forgetAll(ctx, req, command, ids, &total); err != nil {
			return total, err
		}
		after = ids[len(ids)-1]
	}
}

const forgetPage = 250

func (h *Handler) forgetAll(ctx context.Context, req Request, command eventstore.Command, ids []uuid.UUID, total *Forgotten) error {
	loaded, err := h.loadAll(ctx, req.Tenant, ids)
	if err != nil {
		return err
	}
	total.Matched += len(loaded)
	now := h.config.Now()
	for _, id := range ids {
		write, err := h.forgetting(req, loaded[id].memory, now)
		if err != nil {
			return err
		}
		if write != nil {
			command.Writes = append(command.Writes, *write)
		}
	}
	if len(command.Writes) == 0 {
		return nil
	}
	result, err := h.store.Append(ctx, command)
	if err != nil {
		return err
	}
	for _, w := range result.Writes {
		sequenceID := w.SequenceID
		if w.Conflict != nil {
			// Somebody changed it in between; alone it is decided anew.
			receipt, err := h.Forget(ctx, req, w.StreamID)
			if kind := domain.KindOf(err); err != nil && kind != domain.Conflict {
				return err
			} else if err != nil {
				continue
			}
			sequenceID = receipt.SequenceID
		}
		total.Forgotten++
		total.SequenceID = max(total.SequenceID, sequenceID)
	}
	return nil
}

// forgetting makes the write that forgets a memory; nil where it is not active.
func (h *Handler) forgetting(req Request, m *memory.Memory, now time.Time) (*eventstore.Write, error) {
	if m == nil {
		return nil, nil
	}
	event, err := m.Forget(now)
	if err != nil || event == nil {
		return nil, nil //nolint:nilerr // what is not active needs no forgetting
	}
	e, err := h.newEvent(event, req.Meta, now)
	if err != nil {
		return nil, err
	}
	s := m.Snapshot()
	return &eventstore.Write{
		StreamID: s.ID, Expected: s.Version, AgentID: s.AgentID, UserID: s.UserID, Events: []eventstore.NewEvent{e},
	}, nil
}
