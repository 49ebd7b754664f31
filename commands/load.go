package commands

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// loaded is a memory folded from its stream.
type loaded struct {
	memory *memory.Memory
	// last is the stream's last event.
	last eventstore.Event
	// imported is the digest of the memory's last import; "" if there was none.
	imported string
	// unreadable is why the stream could not be folded to its end; nil if it was.
	unreadable error
}

// fold applies the next events of the stream. For an event that this program cannot read, most likely because a newer
// version wrote it, it returns an error of kind Conflict: the state of the memory cannot be known.
func (l *loaded) fold(events []eventstore.Event) error {
	for i := range events {
		e := &events[i]
		event, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
		if err != nil {
			return domain.Errorf(domain.Conflict, "memory %s cannot be changed: this program cannot read its version %d: %v",
				e.StreamID, e.Version, err)
		}
		l.memory.Apply(e.StreamID, event, e.OccurredAt)
		if digest := e.Said(importMember); digest != "" {
			l.imported = digest
		}
		l.last = *e
	}
	return nil
}

// load folds one memory. It returns an error of kind NotFound if the memory does not exist.
func (h *Handler) load(ctx context.Context, tenant domain.Tenant, id uuid.UUID) (loaded, error) {
	l := loaded{memory: &memory.Memory{}}
	const limit = 1000
	for {
		events, more, err := h.log.ReadStream(ctx, tenant, id, l.memory.Version()+1, eventstore.Forwards, limit)
		if err != nil {
			return loaded{}, err
		}
		if len(events) > 0 && events[0].Category != eventstore.CategoryMemory {
			break // the stream is not a memory
		}
		if err := l.fold(events); err != nil {
			return loaded{}, err
		}
		if !more {
			break
		}
	}
	if l.memory.Version() == 0 {
		return loaded{}, domain.Errorf(domain.NotFound, "there is no memory %s", id)
	}
	return l, nil
}

// loadAll folds many memories. Those that do not exist are absent, those that cannot be read are marked unreadable.
func (h *Handler) loadAll(ctx context.Context, tenant domain.Tenant, ids []uuid.UUID) (map[uuid.UUID]loaded, error) {
	if len(ids) == 0 {
		return map[uuid.UUID]loaded{}, nil
	}
	streams, err := h.log.ReadStreams(ctx, tenant, ids)
	if err != nil {
		return nil, err
	}
	all := make(map[uuid.UUID]loaded, len(streams))
	for id, events := range streams {
		l := loaded{memory: &memory.Memory{}}
		if c := events[0].Category; c == eventstore.CategoryMemory {
			l.unreadable = l.fold(events)
		} else {
			l.unreadable = domain.Errorf(domain.Conflict, "stream %s is not a memory: its category is %s", id, c)
		}
		all[id] = l
	}
	return all, nil
}

// importMember is the member of an imported event's contents that holds the digest of the record.
const importMember = "import"
