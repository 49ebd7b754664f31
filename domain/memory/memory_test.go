package memory_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

var (
	id      = uuid.MustParse("01920000-0000-7000-8000-000000000001")
	morning = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	evening = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
)

func remembered() memory.Remembered {
	return memory.Remembered{Fields: memory.Fields{
		AgentID: "coach", UserID: "ana", Type: "fact", Content: canonjson.MustParse(`{"likes":"tea"}`), Confidence: 0.5,
		Metadata: canonjson.MustParse(`{}`),
	}}
}

func given(events ...memory.Event) *memory.Memory {
	m := &memory.Memory{}
	for _, e := range events {
		m.Apply(id, e, morning)
	}
	return m
}

func ptr[T any](v T) *T { return &v }

func TestDecisions(t *testing.T) {
	t.Parallel()
	expiring := remembered()
	expiring.ExpiresAt = ptr(noon)
	for name, c := range map[string]struct {
		given []memory.Event
		when  func(m *memory.Memory) (memory.Event, error)
		then  memory.Event
		err   string
		kind  domain.Kind
	}{
		"revise": {
			given: []memory.Event{remembered()},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.Revise(memory.Revision{Content: canonjson.MustParse(`{ "likes": "coffee" }`), Type: ptr("habit")}, noon)
			},
			then: memory.Revised{Type: "habit", Content: canonjson.MustParse(`{"likes":"coffee"}`), Metadata: canonjson.MustParse(`{}`), Changed: []string{"memory_type", "content"}},
		},
		"revise without a change is no event": {
			given: []memory.Event{remembered()},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.Revise(memory.Revision{Content: canonjson.MustParse(`{"likes" : "te\u0061"}`), Metadata: canonjson.MustParse(`{}`)}, noon)
			},
		},
		"revise metadata to an array": {
			given: []memory.Event{remembered()},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.Revise(memory.Revision{Metadata: canonjson.MustParse(`[1]`)}, noon)
			},
			err: "metadata: must be a JSON object", kind: domain.Invalid,
		},
		"adjust confidence": {
			given: []memory.Event{remembered()},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.AdjustConfidence(0.9, noon) },
			then:  memory.ConfidenceAdjusted{From: 0.5, To: 0.9},
		},
		"adjust confidence to the same value": {
			given: []memory.Event{remembered()},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.AdjustConfidence(0.5, noon) },
		},
		"adjust confidence to NaN": {
			given: []memory.Event{remembered()},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.AdjustConfidence(math.NaN(), noon) },
			err:   "confidence: must be between 0 and 1, got NaN", kind: domain.Invalid,
		},
		"supporting evidence": {
			given: []memory.Event{remembered()},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.RecordEvidence(memory.Evidence{Supports: true, Note: "said so again"}, noon)
			},
			then: memory.EvidenceRecorded{Supports: true, Weight: 0.1, Note: "said so again", From: 0.5, To: 0.55},
		},
		"contradicting evidence": {
			given: []memory.Event{remembered()},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.RecordEvidence(memory.Evidence{Weight: ptr(0.4)}, noon)
			},
			then: memory.EvidenceRecorded{Weight: 0.4, From: 0.5, To: 0.3},
		},
		"evidence without weight is still an event": {
			given: []memory.Event{remembered()},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.RecordEvidence(memory.Evidence{Supports: true, Weight: ptr(0.0)}, noon)
			},
			then: memory.EvidenceRecorded{Supports: true, From: 0.5, To: 0.5},
		},
		"set expiry": {
			given: []memory.Event{remembered()},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.SetExpiry(ptr(evening), noon) },
			then:  memory.ExpirySet{ExpiresAt: ptr(evening)},
		},
		"set the same expiry": {
			given: []memory.Event{expiring},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.SetExpiry(ptr(noon), morning) },
		},
		"forget": {
			given: []memory.Event{remembered()},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Forget(noon) },
			then:  memory.Forgotten{},
		},
		"forget twice": {
			given: []memory.Event{remembered(), memory.Forgotten{}},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Forget(noon) },
		},
		"forget an expired memory": {
			given: []memory.Event{expiring},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Forget(noon) },
			err:   "is expired; restore it first", kind: domain.Conflict,
		},
		"restore a forgotten memory": {
			given: []memory.Event{remembered(), memory.Forgotten{}},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Restore(noon) },
			then:  memory.Restored{},
		},
		"restore an active memory": {
			given: []memory.Event{remembered()},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Restore(noon) },
		},
		"restore keeps a future expiry": {
			given: []memory.Event{expiring, memory.Forgotten{}},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Restore(morning) },
			then:  memory.Restored{ExpiresAt: ptr(noon)},
		},
		"restore drops a past expiry": {
			given: []memory.Event{expiring},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Restore(noon) },
			then:  memory.Restored{},
		},
		"expire at the instant": {
			given: []memory.Event{expiring},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Expire(noon) },
			then:  memory.Expired{ExpiresAt: noon},
		},
		"expire too early": {
			given: []memory.Event{expiring},
			when:  func(m *memory.Memory) (memory.Event, error) { return m.Expire(noon.Add(-1)) },
		},
		"revise a forgotten memory": {
			given: []memory.Event{remembered(), memory.Forgotten{}},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.Revise(memory.Revision{Content: canonjson.MustParse(`1`)}, noon)
			},
			err: "is forgotten; restore it first", kind: domain.Conflict,
		},
		"revise at the instant of expiry": {
			given: []memory.Event{expiring},
			when: func(m *memory.Memory) (memory.Event, error) {
				return m.Revise(memory.Revision{Content: canonjson.MustParse(`1`)}, noon)
			},
			err: "is expired; restore it first", kind: domain.Conflict,
		},
		"a memory that does not exist": {
			when: func(m *memory.Memory) (memory.Event, error) { return m.Forget(noon) },
			err:  "no such memory", kind: domain.NotFound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event, err := c.when(given(c.given...))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.Equal(t, c.kind, domain.KindOf(err))
				require.Nil(t, event)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.then, event)
		})
	}
}

func TestRememberChecksEveryField(t *testing.T) {
	t.Parallel()
	good := memory.Draft{AgentID: strings.Repeat("ä", 100), UserID: strings.Repeat("ü", 255), Content: canonjson.MustParse(`null`)}
	event, err := memory.Remember(good)
	require.NoError(t, err)
	require.Equal(t, memory.Remembered{Fields: memory.Fields{
		AgentID: good.AgentID, UserID: good.UserID, Type: "observation", Content: good.Content, Confidence: 0.5, Metadata: canonjson.MustParse(`{}`),
	}}, event)

	for field, spoil := range map[string]func(d *memory.Draft){
		"agent_id":    func(d *memory.Draft) { d.AgentID = strings.Repeat("ä", 101) },
		"user_id":     func(d *memory.Draft) { d.UserID = " " },
		"memory_type": func(d *memory.Draft) { d.Type = strings.Repeat("x", 51) },
		"content":     func(d *memory.Draft) { d.Content = canonjson.Value{} },
		"confidence":  func(d *memory.Draft) { d.Confidence = ptr(1.0000001) },
		"metadata":    func(d *memory.Draft) { d.Metadata = canonjson.MustParse(`"x"`) },
		"expires_at":  func(d *memory.Draft) { d.ExpiresAt = ptr(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) },
	} {
		draft := good
		spoil(&draft)
		_, err := memory.Remember(draft)
		require.Equal(t, domain.Invalid, domain.KindOf(err), field)
		require.ErrorContains(t, err, field+": ")
	}
}

func TestContentBound(t *testing.T) {
	t.Parallel()
	d := memory.Draft{AgentID: "a", UserID: "u", Content: canonjson.MustParse(`"` + strings.Repeat("x", memory.MaxContentBytes-2) + `"`)}
	_, err := memory.Remember(d)
	require.NoError(t, err)
	d.Content = canonjson.MustParse(`"` + strings.Repeat("x", memory.MaxContentBytes-1) + `"`)
	_, err = memory.Remember(d)
	require.EqualError(t, err, "content: must be at most 1048576 bytes, got 1048577")
}

func TestFold(t *testing.T) {
	t.Parallel()
	m := &memory.Memory{}
	for i, e := range []memory.Event{
		remembered(),
		memory.Revised{Type: "habit", Content: canonjson.MustParse(`2`), Metadata: canonjson.MustParse(`{"a":1}`)},
		memory.ConfidenceAdjusted{From: 0.5, To: 0.7},
		memory.EvidenceRecorded{Supports: true, Weight: 0.1, From: 0.7, To: 0.73},
		memory.ExpirySet{ExpiresAt: ptr(noon)},
		memory.Expired{ExpiresAt: noon},
		memory.Restored{},
		memory.Forgotten{},
	} {
		m.Apply(id, e, morning.Add(time.Duration(i)*time.Minute))
	}
	require.Equal(t, memory.Snapshot{
		ID: id, Fields: memory.Fields{
			AgentID: "coach", UserID: "ana", Type: "habit", Content: canonjson.MustParse(`2`), Confidence: 0.73,
			Metadata: canonjson.MustParse(`{"a":1}`),
		}, State: memory.StateForgotten, CreatedAt: morning, UpdatedAt: morning.Add(7 * time.Minute), Version: 8,
	}, m.Snapshot())
	require.Equal(t, m.Snapshot(), memory.FromSnapshot(m.Snapshot()).Snapshot())
}
