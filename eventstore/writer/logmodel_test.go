package writer_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// What clients ask of a log. An append answers with an eventstore.Result, reused or found, a readHead with an int64,
// the other two with the places of the events.
type (
	appendCommand struct{ eventstore.Command }
	readStream    struct {
		tenant domain.Tenant
		stream uuid.UUID
	}
	readLog  struct{ tenant domain.Tenant }
	readHead struct{ tenant domain.Tenant }
)

type (
	// reused is the answer to a command id that came before with another fingerprint.
	reused struct{}
	// found stands for the answer that a client never got: the events of the append that the log holds in the end.
	// It took effect at some time from its call on.
	found []place
)

// place is where an event stands, as far as clients can tell.
type place struct {
	sequenceID int64
	stream     uuid.UUID
	version    int
	id         uuid.UUID
	payload    string
}

func placesOf(events []eventstore.Event) []place {
	var places []place
	for _, e := range events {
		places = append(places, place{e.SequenceID, e.StreamID, e.Version, e.ID, string(e.Payload)})
	}
	return places
}

// logState is a log as a single client would see it that has it for itself. It is never changed in place.
type logState struct {
	events   []place
	commands map[string]firstOutcome
}

type firstOutcome struct {
	fingerprint eventstore.Hash
	writes      []eventstore.WriteResult
}

func (s logState) stream(id uuid.UUID) []place {
	var places []place
	for _, p := range s.events {
		if p.stream == id {
			places = append(places, p)
		}
	}
	return places
}

func (s logState) append(c eventstore.Command) (answer any, next logState) {
	if first, ok := s.commands[c.ID]; ok {
		if first.fingerprint != c.Fingerprint {
			return reused{}, s
		}
		return resultOf(true, first.writes), s
	}
	next = logState{events: slices.Clip(s.events), commands: s.commands}
	var writes []eventstore.WriteResult
	conflicts := 0
	for _, w := range c.Writes {
		if c.ID != "" && len(c.Writes) == 1 && len(w.Events) == 1 {
			w.Events = slices.Clone(w.Events)
			w.Events[0].ID = writer.CommandEventID(c.Tenant, c.ID)
		}
		result := next.write(w)
		if result.Conflict != nil {
			conflicts++
		}
		writes = append(writes, result)
	}
	if c.ID != "" && conflicts < len(writes) {
		next.commands = maps.Clone(s.commands)
		next.commands[c.ID] = firstOutcome{c.Fingerprint, writes}
	}
	return resultOf(false, writes), next
}

func resultOf(duplicate bool, writes []eventstore.WriteResult) eventstore.Result {
	r := eventstore.Result{Duplicate: duplicate}
	r.Writes = writes
	return r
}

// write applies one write.
func (s *logState) write(w eventstore.StreamAppend) eventstore.WriteResult {
	before := s.stream(w.StreamID)
	conflicts := w.Expected != eventstore.Any && w.Expected != len(before)
	if !conflicts {
		for i, e := range w.Events {
			s.events = append(s.events, place{int64(len(s.events) + 1), w.StreamID, len(before) + i + 1, e.ID, e.Payload.String()})
		}
	}
	result := eventstore.WriteResult{StreamID: w.StreamID}
	if now := s.stream(w.StreamID); len(now) > 0 {
		last := now[len(now)-1]
		result.Version, result.SequenceID, result.EventID = last.version, last.sequenceID, last.id
	}
	if conflicts {
		result.Conflict = &domain.VersionConflictError{Stream: w.StreamID.String(), Expected: w.Expected, Actual: len(before)}
	}
	return result
}

// logModel tells which histories a correct log can have. Each tenant's log is checked by itself; its streams cannot
// be, since they share its sequence_ids, its head and its command ids.
var logModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byTenant := map[domain.Tenant][]porcupine.Operation{}
		for _, o := range history {
			byTenant[tenantOf(o.Input)] = append(byTenant[tenantOf(o.Input)], o)
		}
		return slices.Collect(maps.Values(byTenant))
	},
	Init: func() any { return logState{commands: map[string]firstOutcome{}} },
	Step: func(before, input, output any) (bool, any) {
		s := before.(logState)
		switch in := input.(type) {
		case appendCommand:
			answer, next := s.append(in.Command)
			if events, ok := output.(found); ok {
				return slices.Equal(next.events[len(s.events):], events), next
			}
			return reflect.DeepEqual(answer, output), next
		case readStream:
			return slices.Equal(s.stream(in.stream), output.([]place)), s
		case readLog:
			return slices.Equal(s.events, output.([]place)), s
		case readHead:
			return int64(len(s.events)) == output, s
		}
		panic(fmt.Sprintf("%T is no operation", input))
	},
	Equal: func(a, b any) bool {
		x, y := a.(logState), b.(logState)
		return slices.Equal(x.events, y.events) && reflect.DeepEqual(x.commands, y.commands)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%T%+v → %+v", input, input, output) },
	DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
}

func tenantOf(input any) domain.Tenant {
	switch in := input.(type) {
	case appendCommand:
		return in.Tenant
	case readStream:
		return in.tenant
	case readLog:
		return in.tenant
	case readHead:
		return in.tenant
	}
	panic(fmt.Sprintf("%T is no operation", input))
}
