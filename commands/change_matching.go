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

// Matching is the result of a command on all memories that match.
type Matching struct {
	// Matched is how many memories were found.
	Matched int `json:"matched"`
	// Changed is how many of them this command changed; the others were in another state by then.
	Changed int `json:"changed"`
	// SequenceID is that of the last event written; 0 if none was.
	SequenceID int64 `json:"sequence_id"`
}

// ForgetMatching forgets every memory that find returns, several hundred in one transaction. The caller finds them, because
// commands do not read the read models; each memory is nevertheless decided from its own stream. A repeated command id
// must have the same filter.
//
// If it is interrupted, forgotten memories stay forgotten, and the same command forgets the rest. Once it has ended, the
// same command id returns the same result and forgets nothing more.
func (h *Handler) ForgetMatching(ctx context.Context, req Request, filter canonjson.Value, find Find) (Matching, error) {
	return h.changeMatching(ctx, req, "forget", filter, find, (*memory.Memory).Forget)
}

// RestoreMatching restores every memory that find returns, as ForgetMatching forgets them.
func (h *Handler) RestoreMatching(ctx context.Context, req Request, filter canonjson.Value, find Find) (Matching, error) {
	return h.changeMatching(ctx, req, "restore", filter, find, (*memory.Memory).Restore)
}

func (h *Handler) changeMatching(ctx context.Context, req Request, name string, filter canonjson.Value, find Find, decide decision) (_ Matching, err error) {
	ctx, span := h.config.Tracer.Start(ctx, name+"_matching")
	defer func() { end(span, err) }()
	req.ExpectedVersion = 0
	req, command, err := prepare(req, name+"_matching", uuid.Nil, func() canonjson.Value { return filter })
	if err != nil {
		return Matching{}, err
	}
	first, ended, err := h.claim(ctx, command)
	if ended || err != nil {
		return first, err
	}
	var total Matching
	for after := uuid.Nil; ; {
		ids, err := find(ctx, after, matchingPageSize)
		if err != nil {
			return total, err
		}
		if len(ids) == 0 {
			return h.recordTotal(ctx, command, total)
		}
		if err := h.changePage(ctx, req, name, ids, decide, &total); err != nil {
			return total, err
		}
		after = ids[len(ids)-1]
	}
}

// claim records the command id before anything is forgotten, so that another command under it is refused. If this very command has
// ended before, it returns its result.
func (h *Handler) claim(ctx context.Context, command eventstore.Command) (first Matching, ended bool, err error) {
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
func (h *Handler) recordTotal(ctx context.Context, command eventstore.Command, total Matching) (_ Matching, err error) {
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

func decodeTotal(o eventstore.Outcome) (m Matching, err error) {
	if err := json.Unmarshal(o.Note, &m); err != nil {
		return m, fmt.Errorf("outcome of the first command: %w", err)
	}
	return m, nil
}

const matchingPageSize = 250

// changePage changes the memories of a page that can be, and adds them to the total.
func (h *Handler) changePage(ctx context.Context, req Request, name string, ids []uuid.UUID, decide decision, total *Matching) error {
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
		// The decision fails if the memory is in another state by now: then there is nothing to change.
		if event, err := decide(l.memory, now); err == nil && event != nil {
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
			if sequenceID, err = h.changeAlone(ctx, req, name, w.StreamID, decide); err != nil {
				return err
			}
		}
		if sequenceID > 0 {
			total.Changed++
			total.SequenceID = max(total.SequenceID, sequenceID)
		}
	}
	return nil
}

// changeAlone changes a memory that changed between reading and appending. It returns 0 if there is nothing left to do.
func (h *Handler) changeAlone(ctx context.Context, req Request, name string, id uuid.UUID, decide decision) (sequenceID int64, err error) {
	req.Meta.CommandID = "" // it belongs to the whole command
	receipt, wrote, err := h.changed(ctx, req, name, id, decide)
	// Not a failure: the memory has expired, or a newer version wrote an event that this one cannot read. Skip it, as
	// changePage does.
	if domain.KindOf(err) == domain.Conflict {
		return 0, nil
	}
	if err != nil || !wrote {
		return 0, err
	}
	return receipt.SequenceID, nil
}
