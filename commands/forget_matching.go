package commands

import (
	"context"
	"encoding/json"
	"fmt"
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

// ForgetMatching forgets every memory that find returns, several hundred in one transaction. Finding is the caller's,
// because commands do not read the read models; each memory is decided from its own stream all the same. Filter is
// what a repeated command id is compared by.
//
// What was forgotten stays so when it is interrupted, and to repeat it then forgets the rest. Once it has come to its
// end, the same command id returns what it did and forgets nothing more.
func (h *Handler) ForgetMatching(ctx context.Context, req Request, filter any, find Find) (_ Forgotten, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "forget_matching")
	defer func() { end(span, err) }()
	req, command, err := prepare(Request{Tenant: req.Tenant, Meta: req.Meta}, "forget_matching", uuid.Nil, filter)
	if err != nil {
		return Forgotten{}, err
	}
	if command.ID != "" {
		first, ok, err := h.store.Outcome(ctx, command.Tenant, command.ID, command.Fingerprint)
		if err != nil {
			return Forgotten{}, err
		}
		if ok {
			return forgottenBefore(first)
		}
	}
	var total Forgotten
	for after := uuid.Nil; ; {
		ids, err := find(ctx, after, forgetPage)
		if err != nil {
			return total, err
		}
		if len(ids) == 0 {
			return h.conclude(ctx, command, total)
		}
		if err := h.forgetAll(ctx, req, ids, &total); err != nil {
			return total, err
		}
		after = ids[len(ids)-1]
	}
}

// conclude records what was done under the command id, or returns what another of the same id has recorded.
func (h *Handler) conclude(ctx context.Context, command eventstore.Command, total Forgotten) (Forgotten, error) {
	if command.ID == "" {
		return total, nil
	}
	var err error
	if command.Note, err = json.Marshal(total); err != nil {
		return total, err
	}
	result, err := h.store.Append(ctx, command)
	if err != nil {
		return total, err
	}
	return forgottenBefore(result.Outcome)
}

func forgottenBefore(o eventstore.Outcome) (f Forgotten, err error) {
	if err := json.Unmarshal(o.Note, &f); err != nil {
		return f, fmt.Errorf("outcome of the first command: %w", err)
	}
	return f, nil
}

const forgetPage = 250

func (h *Handler) forgetAll(ctx context.Context, req Request, ids []uuid.UUID, total *Forgotten) error {
	loaded, err := h.loadAll(ctx, req.Tenant, ids)
	if err != nil {
		return err
	}
	total.Matched += len(loaded)
	now := h.config.Now()
	command := eventstore.Command{Tenant: req.Tenant}
	for _, id := range ids {
		if loaded[id].unreadable != nil {
			continue // it stays as it is, and counts as matched only
		}
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
			alone := req
			alone.Meta.CommandID = ""
			receipt, err := h.Forget(ctx, alone, w.StreamID)
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
func (h *Handler) forgetting(req Request, m *memory.Memory, now time.Time) (*eventstore.StreamAppend, error) {
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
	return &eventstore.StreamAppend{
		StreamID: s.ID, Expected: s.Version, AgentID: s.AgentID, UserID: s.UserID, Events: []eventstore.NewEvent{e},
	}, nil
}
