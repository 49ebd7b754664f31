package commands

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// Find returns up to limit ids greater than after, in ascending order, of the memories that a filter matches.
type Find func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error)

// Forgotten is the result of ForgetMatching.
type Forgotten struct {
	// Matched is how many memories were found.
	Matched int `json:"matched"`
	// Forgotten is how many of them this command forgot; the others were not active any more.
	Forgotten int `json:"forgotten"`
	// SequenceID is that of the last event written; 0 if none was.
	SequenceID int64 `json:"sequence_id"`
}

// ForgetMatching forgets every memory that find returns, several hundred in one transaction. The caller finds them, because
// commands do not read the read models; each memory is nevertheless decided from its own stream. A repeated command id
// must have the same filter.
//
// If it is interrupted, forgotten memories stay forgotten, and the same command forgets the rest. Once it has ended, the
// same command id returns the same result and forgets nothing more.
func (h *Handler) ForgetMatching(ctx context.Context, req Request, filter canonjson.Value, find Find) (_ Forgotten, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "forget_matching")
	defer func() { end(span, err) }()
	req.ExpectedVersion = 0
	req, command, err := prepare(req, "forget_matching", uuid.Nil, func() canonjson.Value { return filter })
	if err != nil {
		return Forgotten{}, err
	}
	first, ended, err := h.claim(ctx, command)
	if ended || err != nil {
		return first, err
	}
	var total Forgotten
	for after := uuid.Nil; ; {
		ids, err := find(ctx, after, forgetPageSize)
		if err != nil {
			return total, err
		}
		if len(ids) == 0 {
			return h.recordTotal(ctx, command, total)
		}
		if err := h.forgetPage(ctx, req, ids, &total); err != nil {
			return total, err
		}
		after = ids[len(ids)-1]
	}
}

// claim records the command id before anything is forgotten, so that another command under it is refused. If this very command has
// ended before, it returns its result.
func (h *Handler) claim(ctx context.Context, command eventstore.Command) (first Forgotten, ended bool, err error) {
	if command.ID == "" {
		return first, false, nil
	}
	claimed, err := h.writer.Append(ctx, command)
	if err != nil || !claimed.Duplicate {
		return first, false, err
	}
	if len(claimed.Writes) > 0 { // of a command whose fingerprint was erased
		return first, false, eventstore.ErrReused
	}
	result, ended, err := h.writer.Outcome(ctx, command.Tenant, resultID(command.ID), command.Fingerprint)
	if ended && err == nil {
		first, err = decodeTotal(result)
	}
	return first, ended, err
}

// resultID is where the result of a claimed id is recorded: no client can send an id with a space.
func resultID(id string) string { return "result of " + eventstore.Fingerprint([]byte(id)).String() }

// recordTotal records the result, or returns the one that another execution has recorded.
func (h *Handler) recordTotal(ctx context.Context, command eventstore.Command, total Forgotten) (_ Forgotten, err error) {
	if command.ID == "" {
		return total, nil
	}
	command.ID = resultID(command.ID)
	if command.Note, err = json.Marshal(total); err != nil {
		return total, err
	}
	result, err := h.writer.Append(ctx, command)
	if err != nil {
		return total, err
	}
	return decodeTotal(result.Outcome)
}

func decodeTotal(o eventstore.Outcome) (f Forgotten, err error) {
	if err := json.Unmarshal(o.Note, &f); err != nil {
		return f, fmt.Errorf("outcome of the first command: %w", err)
	}
	return f, nil
}

const forgetPageSize = 250

// forgetPage forgets the active memories of a page and adds them to the total.
func (h *Handler) forgetPage(ctx context.Context, req Request, ids []uuid.UUID, total *Forgotten) error {
	loaded, err := h.loadAll(ctx, req.Tenant, ids)
	if err != nil {
		return err
	}
	total.Matched += len(loaded)
	now := h.config.Now()
	command := eventstore.Command{Tenant: req.Tenant}
	for _, id := range ids {
		l, ok := loaded[id]
		if !ok || l.unreadable != nil {
			continue // an unreadable memory is not changed; it counts as matched only
		}
		// Forget fails if the memory is not active: then there is nothing to forget.
		if event, err := l.memory.Forget(now); err == nil && event != nil {
			command.Writes = append(command.Writes, h.streamAppend(req, l.memory.Snapshot(), now, event))
		}
	}
	if len(command.Writes) == 0 {
		return nil
	}
	result, err := h.writer.Append(ctx, command)
	if err != nil {
		return err
	}
	for _, w := range result.Writes {
		sequenceID := w.SequenceID
		if w.Conflict != nil {
			if sequenceID, err = h.forgetAlone(ctx, req, w.StreamID); err != nil {
				return err
			}
		}
		if sequenceID > 0 {
			total.Forgotten++
			total.SequenceID = max(total.SequenceID, sequenceID)
		}
	}
	return nil
}

// forgetAlone forgets a memory that changed between reading and appending. It returns 0 if there is nothing left to
// forget.
func (h *Handler) forgetAlone(ctx context.Context, req Request, id uuid.UUID) (sequenceID int64, err error) {
	req.Meta.CommandID = "" // it belongs to the whole command
	receipt, wrote, err := h.changed(ctx, req, "forget", id, (*memory.Memory).Forget)
	// Not a failure: the memory has expired, or a newer version wrote an event that this one cannot read. Skip it, as
	// forgetPage does.
	if domain.KindOf(err) == domain.Conflict {
		return 0, nil
	}
	if err != nil || !wrote {
		return 0, err
	}
	return receipt.SequenceID, nil
}
